"""The command line of `canary`: how many planted bugs are found, by what, and after how long."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from tenter.console import command_line, open_console
from tenter.house import this_house
from tenter.record import destination
from tenter.strict import part, refuse_beside


def canary(
    context: typer.Context,
    names: Annotated[Optional[list[str]], typer.Argument(metavar="[NAME]...", help="Planted bugs (--list has them). Default: all")] = None,
    seconds: Annotated[float, typer.Option("--seconds", "-s", min=0.1, max=1e6, help="How long a fuzzer may search for each bug; a "
                                           "scenario has a length of its own.")] = 60,
    shrink_seconds: Annotated[float, typer.Option("--shrink-seconds", min=0.1, max=1e6, help="How long a finding of a fuzzer may shrink; "
                                                  "the smallest program names the contract.")] = 5,
    seed: Annotated[Optional[int], typer.Option(min=0, max=2**62, help="Of every search and scenario. Default: 1, and the scenario's")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Trials at once; each uses many threads. Default: half of the processors")] = 0,
    shard: Annotated[str, typer.Option(metavar="K/N", help="Only the K-th of N parts of the bugs, as for a CI that takes another third "
                                       "each night.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="Print the table of planted bugs, and run nothing.")] = False,
    write: Annotated[Optional[Path], typer.Option(metavar="FILE.md", callback=destination.looked_at("--write"), help="Write the result as a curated report, such as "
                                                  "reports/curated/power.md.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Rows of bugs that were missed, and the table.")] = False,
    out: Annotated[Optional[Path], typer.Option("--out", metavar="DIR", help="Where the folder goes. Default: out/")] = None,
) -> None:
    """Measure the power of Tenter: run every planted bug against what has to find it, and count.

    A planted bug is a small patch of our runtime, or a wrapper that spoils any target, of a kind that real runtimes had. The
    table harness/mutants/planted.toml says for each what it breaks and which instrument must find it: a scenario of
    scenarios/canary, or a fuzzer. They run here just as `run` and `fuzz` run them; what they need is built first. A fuzzer
    ends with its first finding, which shrinks for --shrink-seconds at most, since the smallest program says best what is broken.

    The table counts found / planted for each floor of the runtime and each instrument, how long it took, and how many findings name a
    contract that is really broken ("right diagnosis"): who reads a report repairs what it names. What was missed stands
    first, with the command that runs it again. Exit codes: 0 all found, 1 one was missed, 3 interrupted, as always.

    [dim]Examples:[/dim]
      ./tenter canary                                      all: minutes, beside the build
      ./tenter canary two_step_push shared_arena -s 10     these two
      ./tenter canary --shard 1/3                          the first third; tomorrow --shard 2/3
      ./tenter canary --write reports/curated/power.md     and replace the curated report
    """
    from tenter.verbs import canary as verb
    mine = part(shard, "canary", "2/3, the second of three")
    if list_:
        refuse_beside(context, ("seconds", "shrink_seconds", "seed", "jobs", "write", "quiet", "out"), "says nothing beside --list, which runs nothing")
        raise typer.Exit(verb.list_bugs(tuple(names or ()), mine, this_house(), open_console()))
    request = verb.Request(names=tuple(names or ()), seconds=seconds, shrink_seconds=shrink_seconds, seed=seed, jobs=jobs, shard=mine,
                           quiet=quiet, out=out, write=write, command=command_line())
    raise typer.Exit(verb.canary(request, this_house(), open_console()))
