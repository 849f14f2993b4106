"""The command line of `history`: what earlier runs found, and taking old runs away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer
from typer.core import TyperGroup

from tenter.console import open_console
from tenter.errors import UsageError
from tenter.house import this_house
from tenter.strict import StrictCommand


class _ShowsByDefault(TyperGroup):
    """What is no command is what `show` is asked for, so that `history 9f3c21aa` needs no further word."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_ShowsByDefault, rich_markup_mode="rich", context_settings={"help_option_names": ["-h", "--help"]})

Out = Annotated[Optional[Path], typer.Option("--out", metavar="DIR", help="Where the run folders are. Default: out/")]


@app.callback()
def history() -> None:
    """What earlier runs found: how often, since when, and whether it is fixed or flaky.

    `./tenter history` alone is `history show`. Every run, resumed run and replay writes itself into out/history.sqlite; run
    folders that are not in it yet, of an earlier version or copied from elsewhere, are read in by this verb.

    [dim]Examples:[/dim]
      ./tenter history                             every finding, and whether it is fixed
      ./tenter history smoke/cls_concurrent        the runs of one scenario
      ./tenter history 9f3c21aa                    every time that a finding was seen
      ./tenter history prune --keep 50 --dry-run   what would be removed
    """


@app.command(cls=StrictCommand)
def show(
    word: Annotated[str, typer.Argument(metavar="[SCENARIO|FINDING]", help="A scenario, or the id of a finding.")] = "",
    json: Annotated[bool, typer.Option("--json", help="For machines, on stdout.")] = False, out: Out = None,
) -> None:
    """The findings of all runs, the runs of a scenario, or the sightings of a finding.

    seen: the cases that showed it, of those that concluded anything in this scenario and flavour, in the runs from the first
    to the last that showed it. fixed in RUN: since that run enough cases were clean to say so at 95 % (Fisher's exact test);
    else it says how many are needed. flaky: cases of one build differ; the interval is Wilson's. Planted bugs and replays are
    not counted.
    """
    from tenter.verbs import history as verb
    house = this_house()
    raise typer.Exit(verb.show(word, (out or house.out).resolve(), json, open_console()))


@app.command(cls=StrictCommand)
def prune(
    keep: Annotated[Optional[int], typer.Option("--keep", min=0, metavar="N", help="Remove all but the newest N runs.")] = None,
    older_than: Annotated[Optional[float], typer.Option("--older-than", min=0, metavar="DAYS", help="Remove runs that began "
                                                        "longer ago.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also the last folder of a finding that is not fixed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    out: Out = None,
) -> None:
    """Remove run folders and their rows, and say how many MiB that is.

    out/latest always stays. A finding that is not fixed keeps its newest folder, which replays it, unless --all is given.
    A search of the fuzzer is a run as any other. What has no report is not touched: a folder of bench, and a run that was
    killed, until `./tenter report DIR` has reported it.
    """
    from tenter.history.pruning import Limits
    from tenter.verbs import upkeep as verb
    if (keep is None) == (older_than is None):
        raise UsageError("history prune: give --keep N or --older-than DAYS, and not both (./tenter history prune --help)")
    house = this_house()
    raise typer.Exit(verb.prune((out or house.out).resolve(), Limits(keep, older_than), not all_, dry_run, house))


@app.command(cls=StrictCommand)
def rebuild(out: Out = None) -> None:
    """Read every run folder into the history again. Rows of runs whose folder is gone stay."""
    from tenter.verbs import upkeep as verb
    house = this_house()
    raise typer.Exit(verb.rebuild((out or house.out).resolve(), house))
