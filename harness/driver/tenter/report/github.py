"""What a step of GitHub Actions shows: annotations at the lines of a pull request, and the summary of the step.

Annotations are lines on stdout that begin with `::`, escaped as the documentation of workflow commands asks; GitHub shows ten
of each kind per step. A summary holds 1 MiB; a longer one is refused as a whole, so it is cut here, and says so.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tenter.console import say
from tenter.house import House
from tenter.plain import one_line, printable, shortened
from tenter.record.results import CaseResult, RunResult, Verdict
from tenter.report.issues import Issue, issues, unconcluded
from tenter.report.places import PAGES, scenario_file
from tenter.report.wording import not_run, sentence

MOST = 10
MOST_SUMMARY = 1024 * 1024
_SUMMARY = "GITHUB_STEP_SUMMARY"


def wanted(asked: bool | None, environment: Mapping[str, str]) -> bool:
    """What the user said, else whether this is a step of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true" if asked is None else asked


@contextmanager
def unheeded(on: bool) -> Iterator[None]:
    """Nothing that is printed meanwhile is a command: a title that a target wrote may begin a line with `::`."""
    token = secrets.token_hex(16)
    if on:
        print(f"::stop-commands::{token}", flush=True)
    try:
        yield
    finally:
        if on:
            print(f"::{token}::", flush=True)


def announce(run: RunResult, folder: Path, house: House, environment: Mapping[str, str]) -> None:
    """Prints the annotations and adds the page to the summary. What cannot be written never changes a verdict."""
    for command in annotations(run, house):
        print(command, flush=True)
    path = environment.get(_SUMMARY, "")
    if not path:
        say(f"{_SUMMARY} is not set, so there is no summary of the step")
        return
    try:
        with open(path, "ab") as file:
            file.write(summary((folder / "report.md").read_text(encoding="utf-8"), MOST_SUMMARY - file.tell()))
    except OSError as error:
        say(f"the summary of the step cannot be written to {path}: {error.strerror}")


def annotations(run: RunResult, house: House) -> list[str]:
    """Errors for what fails the run, warnings for what is known or says nothing."""
    found = issues(run, house)
    errors = [_of_issue("error", issue) for issue in found if not issue.known]
    warnings = [_of_issue("warning", issue) for issue in found if issue.known]
    for case in unconcluded(run):
        broken = case.verdict is Verdict.ERROR
        (errors if broken else warnings).append(_of_case("error" if broken else "warning", case, house))
    if run.not_run:
        warnings.insert(0, command("warning", {"title": "Tenter"}, f"{not_run(run)}: "
                                   f"{shortened(', '.join(run.not_run), 500)}"))
    return _first("error", errors) + _first("warning", warnings)


def _first(kind: str, commands: list[str]) -> list[str]:
    if len(commands) <= MOST:
        return commands
    return [*commands[:MOST - 1], command(kind, {"title": "Tenter"}, f"{len(commands) - MOST + 1} more are in the report")]


def _of_issue(kind: str, issue: Issue) -> str:
    known = "known: " if issue.known else ""
    return command(kind, {**_at(issue.place.file, issue.place.line), "title": f"{known}{issue.rule} {issue.signature[:8]}"},
                   f"{issue.message}\nAgain: {issue.replay}")


def _at(file: str, line: int) -> dict[str, str]:
    """Nothing for what stands in no file of the repository: a reviewer would be sent to a page that has nothing to do with it."""
    return {} if file in PAGES else {"file": file, "line": str(line)}


def _of_case(kind: str, case: CaseResult, house: House) -> str:
    return command(kind, {**_at(scenario_file(case, house), 1), "title": f"{case.verdict.name} {case.name}"},
                   f"{one_line(sentence(case))}\nAgain: {case.again}")


def command(kind: str, properties: Mapping[str, str], message: str) -> str:
    """`::error file=a.toml,line=1,title=crash::text`"""
    words = ",".join(f"{name}={_escaped(one_line(value)).replace(':', '%3A').replace(',', '%2C')}"
                     for name, value in properties.items())
    return f"::{kind} {words}::{_escaped(printable(message))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def summary(page: str, room: int) -> bytes:
    """The page, or as many whole rows and findings of it as there is room for, and a line that says so."""
    whole = f"{page.rstrip()}\n\n".encode()
    if len(whole) <= room:
        return whole
    note = b"\n\n_The summary was cut here, since a step may have 1 MiB; the whole page is report.md in the artifacts._\n"
    size = cut = depth = 0
    fence = ""
    for text in page.splitlines(keepends=True):
        size += len(text.encode())
        if size + len(note) > room:
            break
        fence, depth = _nesting(text, fence, depth)
        if not fence and depth == 0:
            cut = size
    return whole[:cut] + note if cut else b""


def _nesting(text: str, fence: str, depth: int) -> tuple[str, int]:
    """Whether what follows this line is inside of a block of code, and in how many folded parts."""
    mark = re.match(r"`{3,}", text)
    if fence:
        return ("" if text.strip() == fence else fence), depth
    if mark:
        return mark[0], depth
    return "", depth + text.count("<details>") - text.count("</details>")
