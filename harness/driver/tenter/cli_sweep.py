"""The command line of `sweep`: a fault at every site, and what comes after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from tenter.console import command_line, open_console
from tenter.house import this_house
from tenter.machine.processors import processors
from tenter.strict import part, refuse_beside


def sweep(
    context: typer.Context,
    scenarios: Annotated[Optional[list[str]], typer.Argument(metavar="[SCENARIO|SET]...", help="Scenario names, folders, files or globs. "
                                                             "Default: smoke")] = None,
    flavour: Annotated[str, typer.Option("--flavour", "-f", metavar="NAME", help="probe, tsan or asan: those with fault sites.")] = "probe",
    cap: Annotated[int, typer.Option(min=1, max=100_000, help="Of each site in each case, strike at most so many hits by each action: the first, "
                                     "the last, the second, and some from between.")] = 4,
    seconds: Annotated[float, typer.Option("--seconds", "-s", min=1, max=1e6, help="How long at most; the runs without faults come first, and all of them.")] = 480,
    seed: Annotated[Optional[int], typer.Option(min=0, max=2**62, help="Of inputs, programs and the hits from between. Default: 1, and the "
                                                "scenario's")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Trials at once. Default: as many as processors")] = 0,
    shard: Annotated[str, typer.Option(metavar="K/N", help="Only the K-th of N parts of the trials. A part alone has not to show that every "
                                       "site fired.")] = "",
    target: Annotated[str, typer.Option(metavar="NAME|FILE.so", help="Another runtime with fault sites behind the target ABI.")] = "",
    mutant: Annotated[str, typer.Option(metavar="NAME", help="Sweep the runtime with this planted bug; it must be found.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="Print what is swept, at which size, and the sites; run nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Trials that found something, and the table.")] = False,
    out: Annotated[Optional[Path], typer.Option("--out", metavar="DIR", help="Where the folder goes. Default: out/")] = None,
) -> None:
    """Strike every fault site, hit by hit, and look at what comes after it.

    Faults of a scenario strike where its author thought of. A sweep runs each case once without faults and counts how often
    every site is hit. Then it runs a small life of the case for each site, action and hit, with that one fault; and for
    sites that are hit next to each other, with one at each. After every fault comes an aftermath: the faults stop, and the
    same op, engine or iterator has to do a fixed piece of work, with the bits of the run without faults; nothing may be held
    any more, and every error must have been told to whom it belongs.

    The table says for each site how often it was hit and fired, and beside how many other calls. Of a set such as smoke
    every site has to be hit, to fire, and to fire with two other calls in flight; what cannot be is waived, with its reason, in
    scenarios/waivers.toml. Whatever was left out is counted, and listed in skipped.txt of the run's folder. A trial that finds
    something is an ordinary case with one fault: ./tenter replay runs it again, and its folder has a scenario.toml.

    [dim]Examples:[/dim]
      ./tenter sweep                                 smoke: at most eight minutes
      ./tenter sweep smoke/cls_node_throws --cap 20  one workload, twenty hits of each site
      ./tenter sweep smoke -s 50 --cap 1             as CI does
      ./tenter sweep smoke --shard 1/4 --cap 50      a quarter of many more trials
      ./tenter sweep smoke --mutant place_lost_on_error   proof that a planted bug is found
    """
    from tenter.verbs import sweep as verb
    mine = part(shard, "sweep")
    if mutant:
        refuse_beside(context, ("seconds", "shard", "target", "list_"), "says nothing beside --mutant, whose sweep ends with its first finding")
    if list_:
        refuse_beside(context, ("seconds", "shard", "cap", "jobs", "quiet", "out"), "says nothing beside --list, which runs nothing")
    request = verb.Request(words=tuple(scenarios or ()), flavour=flavour, cap=cap, seconds=seconds, seed=seed,
                           jobs=jobs or processors(), shard=mine, target=target, mutant=mutant,
                           quiet=quiet, out=out, command=command_line())
    if list_:
        raise typer.Exit(verb.list_swept(request, this_house(), open_console()))
    raise typer.Exit(verb.sweep(request, this_house(), open_console())[1])
