"""The command line of `bench`: what the engine costs beside others, and what its error policies cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from tenter.console import command_line, open_console
from tenter.house import this_house

app = typer.Typer(rich_markup_mode="rich", no_args_is_help=True,
                  context_settings={"help_option_names": ["-h", "--help"]})

Quick = Annotated[bool, typer.Option("--quick", help="Few ops and repetitions: does it work, not how fast is it.")]
Repeats = Annotated[Optional[int], typer.Option("--repeats", min=1, help="Repetitions of every measurement. "
                                                "Default: 9 (policies: 15), and 3 with --quick.")]
Json = Annotated[Optional[Path], typer.Option("--json", metavar="FILE", help="Write the results here as well.")]
Filter = Annotated[str, typer.Option("--filter", metavar="TEXT", help="Only workloads with this text in their name.")]
Out = Annotated[Optional[Path], typer.Option("--out", metavar="DIR", help="Where the folder goes. Default: out/")]


@app.callback()
def bench() -> None:
    """Measure the engine in the flavour release, and write figures with the machine that they come from.

    A figure says something on an idle machine only: the load before and after is written beside it.
    """


@app.command()
def engine(
    quick: Quick = False, repeats: Repeats = None, filter: Filter = "", json: Json = None, out: Out = None,  # noqa: A002
    peers: Annotated[Optional[bool], typer.Option(
        "--peers/--no-peers", help="With --peers the package of MXNet 1.9.1 is fetched first (154 MB unpacked, without "
        "its dependencies); with --no-peers only our engine runs. Default: the peers that are there.")] = None,
) -> None:
    """Measure ns per op of our engine beside MXNet 1.9.1, oneTBB and a plain pool, and say which goals are met.

    All engines run the same programs in turn within each repetition. The table shows minimum and median, the push
    side and the completion side, and how many times dearer each peer is. Peers that are not there are named with the
    reason. Results: out/<date>-<time>-bench/ with bench.md, bench.json and the raw series of each process.

    [dim]Examples:[/dim]
      ./tenter bench engine --peers                 all rows, all peers: about a minute
      ./tenter bench engine --quick                 a few seconds: does everything run?
      ./tenter bench engine --filter chain          the chains alone
      ./tenter bench engine --filter "round trip" --repeats 30
    """
    from tenter.bench import engine as verb
    verb.run(verb.Request(quick, repeats, filter, peers, json, out, command_line()), this_house(), open_console())


@app.command()
def policies(
    quick: Quick = False, repeats: Repeats = None, filter: Filter = "", json: Json = None, out: Out = None,  # noqa: A002
    curate: Annotated[bool, typer.Option("--curate", help="Write reports/curated/error-policies.md as well.")] = False,
) -> None:
    """Compare the two error policies: skip the dependents of a failed op (ERR-3), or run them all the same (ERR-8).

    Both get the same programs with the same failing ops (none, 0.1 %, 1 %, 10 %), in turn. The report shows what each
    costs without failures, and with failures the time, the wasted ops and the failures reported.

    [dim]Examples:[/dim]
      ./tenter bench policies                       about half a minute
      ./tenter bench policies --curate              and replace the curated report
      ./tenter bench policies --filter networks     one shape of programs
    """
    from tenter.bench import policies as verb
    verb.run(verb.Request(quick, repeats, filter, json, out, curate, command_line()), this_house(), open_console())
