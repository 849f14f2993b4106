"""The command line of `fuzz`: random programs on a part of a runtime, or one of them again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from tenter.console import open_console
from tenter.house import this_house
from tenter.strict import refuse_beside

Out = Annotated[Optional[Path], typer.Option("--out", metavar="DIR", help="Where the folder goes. Default: out/")]


def fuzz(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="engine: the dependency engine, ours or a "
                                       "target's; model: models and callers, of any target; iterator: iterators over files, of any target; "
                                       "api: handles of the C API")] = "engine",
    seconds: Annotated[float, typer.Option("--seconds", "-s", min=0.1, max=1e8, help="How long to search, per flavour; shrinking comes after.")] = 60,
    flavour: Annotated[Optional[list[str]], typer.Option(
        "--flavour", "-f", metavar="NAME", help="probe, tsan or asan; may be given again. Default: probe")] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**62, help="Programs are a function of it.")] = 1,
    contract: Annotated[str, typer.Option("--property", metavar="ID", help="Only programs in which this contract has "
                                          "much to say, such as ENG-2 or ERR-6.")] = "all",
    workers: Annotated[str, typer.Option(metavar="N,N", help="How many workers the engines of drawn programs have; 0 is the "
                                         "naive one, without threads. What a program does may need another engine, and shrinking tries smaller ones. "
                                         "Default: 0,1,2,4,8")] = "",
    max_ops: Annotated[int, typer.Option(min=1, max=10_000, help="The most ops of a program.")] = 24,
    replay: Annotated[str, typer.Option(metavar="FILE|SEED:CASE", help="Run this program again instead, and say how "
                                        "often it still fails.")] = "",
    times: Annotated[int, typer.Option("-n", "--times", min=1, max=10**9, help="With --replay: how often at most. It stops when the "
                                    "program came back 20 times.")] = 200,
    mutant: Annotated[str, typer.Option(metavar="NAME", help="Fuzz what has this planted bug (fuzz/mutants, and "
                                        "harness/mutants for models, iterators and `engine --target reference`); it must be found.")] = "",
    target: Annotated[str, typer.Option(metavar="LIBRARY", help="With engine, model, iterator: a runtime of your own behind "
                                        "harness/target/, or reference. Without it `engine` is Tenter's own engine, in all that it offers, and the "
                                        "others are of the reference target.")] = "",
    out: Out = None,
) -> None:
    """Run random programs and shrink the first one that breaks a contract.

    A program is a few lines of calls by one or more threads: pushes, deletes, waits and stops of an engine; a model and what
    its callers ask, with failing nodes, frees and stops; a file with good and bad rows, and what its consumers ask; lives of
    handles, wrong ones included. What it saw is compared with a sequential model of the same, of a model in every bit.

    A finding names the contract, prints the smallest program that still fails, and the line that runs it again; it is told
    and stored when it is found, and told again when it was shrunk. Shrinking comes after the time of the search: it takes
    half of --seconds at most, or 20 s where that is more, beside what it is at just then. A search may be interrupted at any
    time: it ends with 3, or as always when something was found, and its report says how far it came (after a kill: ./tenter
    report RUN_DIR).

    Exit codes as always; a search with --mutant ends with 0 when the planted bug was found, and with 1 when it was not. A
    replay in which the program fails again ends with 1, with --mutant too.

    Below the figures of a search or a replay a line counts what its programs held, so that what was hardly tried is seen; its
    words are those of fuzz/engine/README.md, or of the README beside for model, iterator and api.

    [dim]Examples:[/dim]
      ./tenter fuzz engine                                   a minute in the flavour probe
      ./tenter fuzz engine -f probe -f tsan -s 300 --seed 7  five minutes each
      ./tenter fuzz engine --property ENG-2 --workers 2,8    much contention, few vars
      ./tenter fuzz engine --mutant two_step_push            proof that it would be found
      ./tenter fuzz engine --replay FILE.fuzz                a printed program again
      ./tenter fuzz engine --target ./libmine.so             an engine of your own, by the rule for errors that it declares
      ./tenter fuzz model --target ./libmine.so              models and calls on a runtime of your own
      ./tenter fuzz iterator --target ./libmine.so           files and calls on iterators of your own
      ./tenter fuzz api -f asan                              handles freed twice, too early, of another kind
    """
    from tenter.plan.hunt import Hunt
    from tenter.verbs import fuzz as verb
    if replay:
        drawn = ("seed",) if ":" in replay else ("seed", "contract", "workers", "max_ops")
        refuse_beside(context, ("seconds", *drawn), "says nothing beside --replay, which runs one program")
    else:
        refuse_beside(context, ("times",), "goes with --replay")
    hunt = Hunt(what=what, seconds=seconds, flavours=tuple(flavour or ("probe",)), seed=seed, replay=replay,
                mutant=mutant, property=contract, workers=workers, max_ops=max_ops, times=times, target=target)
    raise typer.Exit(verb.fuzz(hunt, out, this_house(), open_console()))
