"""A command that drops no word: options given twice, or beside what ignores them, are refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import typer
from typer.core import TyperCommand, TyperOption

from tenter.errors import UsageError


class StrictCommand(TyperCommand):
    """Refuses an option that may be given once and was given again: only the last one would count."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        try:
            values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        except typer.TyperException:
            values, order = {}, []  # the parent says what is wrong, in its own words
        for option in order:
            if isinstance(option, TyperOption) and values.get(option.name) in ("", [""]):
                raise UsageError(f"{_name(option)} is empty ({_help(ctx)})")
            if option.name == "seconds" and re.fullmatch(r"\s*[+-]?nan\s*", str(values["seconds"]), re.IGNORECASE):
                raise UsageError(f"{_name(option)}: '{values['seconds']}' is no number ({_help(ctx)})")  # it is within no bound
        for option, times in Counter(order).items():
            if times > 1 and isinstance(option, TyperOption) and not option.multiple and not option.is_flag:
                raise UsageError(f"{_name(option)} was given {times} times, and only one can count ({_help(ctx)})")
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            if getattr(error, "ctx", None) is None:  # the parser of options does not say whose they are
                error.ctx = ctx
            raise


def refuse_beside(ctx: typer.Context, names: Iterable[str], why: str) -> None:
    """Refuses options that would be ignored; `why` ends the sentence that begins with the option."""
    for option in ctx.command.params:
        if option.name in names and given(ctx, option.name):
            raise UsageError(f"{_name(option)} {why} ({_help(ctx)})")


def given(ctx: typer.Context, name: str) -> bool:
    """Whether the user gave this option, as against its default."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _name(option: TyperOption) -> str:
    return max(option.opts, key=len)


def _help(ctx: typer.Context) -> str:
    return f"{ctx.command_path} --help"


def part(text: str, verb: str, example: str = "2/4, the second of four") -> tuple[int, int]:
    """What --shard says: which part, of how many. Nothing is the whole."""
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text or "1/1")
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard: '{text}' is no part such as {example} (./tenter {verb} --help)")
    return int(match[1]), int(match[2])
