"""The command line: verbs, their options and their help. Each verb hands over to the module of its name."""

from __future__ import annotations

import difflib
import errno
import re
import signal
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer
from rich.console import Console

from tenter import __version__, cli_bench, cli_canary, cli_checkout, cli_fuzz, cli_history, cli_plan, cli_sweep, paragraphs
from tenter.console import command_line, open_console, path_shown, say
from tenter.errors import CLEAN, DEFECT, FULL, INCONCLUSIVE, USAGE, TenterError, UsageError
from tenter.house import this_house
from tenter.machine.processors import cases_at_once
from tenter.plain import one_line
from tenter.plan import input_shapes
from tenter.plan.catalogue import MOST_INTEGER
from tenter.strict import StrictCommand, part, refuse_beside

app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False,
                  context_settings={"help_option_names": ["-h", "--help"]})

app.add_typer(cli_bench.app, name="bench")
app.add_typer(cli_history.app, name="history")

_ENDING = (signal.SIGTERM, signal.SIGHUP)
# Of a path that a user typed and that no code could use.
_NO_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EPERM, errno.EROFS)
_MOST_OF_A_PATH = 120
_MARGINS = 2  # of a help text
_INTERRUPTED = 130  # what the command-line library returns when a verb raised KeyboardInterrupt

Out = Annotated[Optional[Path], typer.Option("--out", metavar="DIR", help="Where run folders go. Default: out/")]


@app.callback(invoke_without_command=True)
def tenter(context: typer.Context,
           version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Stress-tests a deep-learning runtime, injects faults, and reports with evidence that can be replayed.

    Exit codes: 0 clean, 1 findings, 2 usage, 3 could not conclude, 66 sanitizer reports, 70 defect of the harness.
    """
    if version:
        print(f"tenter {__version__}")
    elif context.invoked_subcommand is None:
        context.invoke(run, context)


@app.command(cls=StrictCommand)
def run(
    context: typer.Context,
    scenarios: Annotated[Optional[list[str]], typer.Argument(
        metavar="[SCENARIO|DIR|GLOB]...", help="Scenario names, folders, files or globs. Default: smoke")] = None,
    flavour: Annotated[Optional[list[str]], typer.Option(
        "--flavour", "-f", metavar="NAME", help="Only this flavour (probe, tsan, asan); may be given again.")] = None,
    seed: Annotated[Optional[int], typer.Option(min=0, max=2**62, help="Seed of the first repetition instead of the scenario's.")]
    = None,
    repeat: Annotated[int, typer.Option(min=1, max=10**6, help="Run every case so often, each with the next seed.")] = 1,
    jobs: Annotated[Optional[int], typer.Option("--jobs", "-j", min=1, help="Cases at once; each uses many threads itself. Default: as many "
                                                "as processors, four at most")] = None,
    out: Out = None,
    target: Annotated[str, typer.Option(metavar="NAME|FILE.so", help="Test this runtime instead: a name or a library "
                                        "behind the target ABI.")] = "",
    model: Annotated[Optional[list[Path]], typer.Option(metavar="FILE.onnx|NAME|DIR|generated:SEED", help="Concurrent inference on this "
                                                        "model, on one by its name (./tenter bench model --help has them), on the small model that is drawn by a seed, or on every model of a "
                                                        "folder, instead of scenarios, "
                                                        "in the flavours probe and tsan; may be given again. One of "
                                                        "several that cannot be run is a row, and the others run.")] = None,
    threads: Annotated[int, typer.Option(min=1, max=MOST_INTEGER, help="With --model: threads that call it at once.")] = 16,
    inferences: Annotated[int, typer.Option(min=1, max=MOST_INTEGER, help="With --model: inferences in all; a tenth under tsan.")] = 2000,
    intra_op: Annotated[int, typer.Option("--intra-op", min=1, max=64, help="With --model: threads that compute a kernel together.")] = 1,
    batch: Annotated[int, typer.Option("--batch", min=1, max=MOST_INTEGER, help="With --model: requests of one signature that may run as one; ./tenter plan FILE "
                                       "--together N says whether the model lets them.")] = 1,
    fault: Annotated[Optional[list[str]], typer.Option("--fault", metavar="SITE=FAULT", help="With --model: a fault to inject, as in the plan of a scenario "
                                                       "(scenarios/README.md), such as 'cached_op.node.run=2%error(data_loss)'; may be given "
                                                       "again. ./tenter list has the sites.")] = None,
    baseline: Annotated[Optional[Path], typer.Option(metavar="REPORT", help="A report.json, or a run folder: what was found "
                                                     "there is known, and only new findings fail the run.")] = None,
    shard: Annotated[str, typer.Option(metavar="K/N", help="Only the K-th of N parts of the scenarios, for N machines; the seeds of one "
                                       "stay together.")] = "",
    budget: Annotated[str, typer.Option(metavar="TIME", help="Begin no case after so long, such as 90s, 5m or 1h; what "
                                        "was left out is said.")] = "",
    retry: Annotated[int, typer.Option(min=0, metavar="N", help="Run a case that fails, or misses its planted bug, up to N "
                                       "times more with the same seed, and say in how many it did; it stays FAIL or MISSED.")] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Rows of cases that did not pass, and the end.")] = False,
    github: Annotated[Optional[bool], typer.Option("--github/--no-github", help="Annotations and the summary of a step, "
                                                   "for GitHub Actions. Default: when GITHUB_ACTIONS is true.")] = None,
    resume: Annotated[Optional[Path], typer.Option(metavar="RUN_DIR", help="Go on with a run that was interrupted or "
                                                   "killed; what has ended is not run again.")] = None,
    power: Annotated[bool, typer.Option("--power", help="Also plant the bugs of the canaries in these very settings, "
                                        "and say how many are found.")] = False,
    canary: Annotated[bool, typer.Option("--canary/--no-canary", help="Without scenario names: also plant a few quick bugs, one in each "
                                         "setting that is run, so that the report says what its checks can find there.")] = True,
    input_shape: Annotated[Optional[list[str]], typer.Option(
        metavar="NAME=1,3,48,192", help="With --model: shape of an input whose dimensions are open; may be given again, "
        "for another input. Of several models it counts for those that have the input. Default: that of the recipe, and 1 for the first and 64 for every other one "
        "that is open; ./tenter list --model FILE says which are.")] = None,
) -> None:
    """Run scenarios and write a report.

    A scenario runs in the flavours that it names; by default these are probe and tsan, the one after the other, and asan
    where it is asked for: -f asan finds reads of freed memory, blocks that nobody frees, and undefined behaviour.

    [dim]Examples:[/dim]
      ./tenter run                                  the smoke suite in its flavours, with a short canary
      ./tenter run --no-canary -f probe             without, and in one flavour
      ./tenter run smoke -f asan                    under AddressSanitizer, with all leaks
      ./tenter run smoke canary                     with the proof that planted bugs are found
      ./tenter run smoke/cls_concurrent -f tsan     one scenario under ThreadSanitizer
      ./tenter run smoke --repeat 20 --seed 100     twenty seeds
      ./tenter run --model net.onnx --threads 16    any model made of supported ops, in probe and tsan
      ./tenter run --model models/ -f probe         a row for each model of a folder
      ./tenter run --model net.onnx --batch 8       and requests that wait run as one, eight at most
      ./tenter run --model net.onnx --fault 'cached_op.node.run=2%error(data_loss)'   one node in fifty fails
      ./tenter run --model generated:7 -f probe     a small model that is drawn by a seed, the same everywhere
    """
    from tenter.verbs import run as verb
    parameters: dict[str, object] = {}
    if resume:
        if scenarios:
            raise UsageError("--resume goes on with what was planned; leave the scenario names out")
        refuse_beside(context, ("flavour", "seed", "repeat", "out", "target", "model", "threads", "inferences", "intra_op", "batch", "fault", "power", "canary",
                                "input_shape", "shard", "baseline", "retry"), "says nothing beside --resume, which goes on with what was planned")
        request = verb.Request(jobs=jobs or cases_at_once(), command=command_line(), budget_s=_seconds(budget), quiet=quiet, github=github)
        raise typer.Exit(verb.resume(resume.resolve(), request, this_house(), open_console())[1])
    if model:
        if scenarios:
            raise UsageError("--model makes a scenario of its own; leave the scenario names out")
        parameters = {"threads": threads, "inferences": inferences}
        parameters |= {name: value for name, value in (("intra_op", intra_op), ("batch", batch)) if value > 1}
        if input_shape:
            parameters["input_shape"] = input_shapes.as_text(input_shape, "./tenter run --help")
    else:
        refuse_beside(context, ("threads", "inferences", "intra_op", "batch", "fault", "input_shape"),
                      "goes with --model; a scenario says that itself, in its file")
    request = verb.Request(words=tuple(scenarios or ()), flavours=tuple(flavour or ()), seed=seed, repeat=repeat,
                           jobs=jobs or cases_at_once(), out=out, target=target, models=tuple(model or ()), parameters=parameters, faults=tuple(fault or ()), power=power, canary=canary,
                           baseline=baseline, shard=part(shard, "run"), budget_s=_seconds(budget), quiet=quiet, retry=retry, github=github,
                           command=command_line())
    raise typer.Exit(verb.run(request, this_house(), open_console())[1])


@app.command(cls=StrictCommand)
def replay(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="RUN/CASE#ID as a report prints it, a path under "
                                           "out/, or the id alone.")],
    times: Annotated[int, typer.Option("-n", "--times", min=1, max=10**6, help="How often to run it.")] = 1,
    out: Out = None,
) -> None:
    """Run the stored plan of a finding again and say how often the same finding comes back.

    [dim]Examples:[/dim]
      ./tenter replay 9f3c21aa
      ./tenter replay 20261122-101500-canary/canary/swapped_outputs.probe#9f3c21aa -n 10
    """
    from tenter.verbs import replay as verb
    house = this_house()
    replayed = verb.replay(finding, times, (out or house.out).resolve(), house, open_console())
    raise typer.Exit(verb.print_replayed(replayed))


@app.command(cls=StrictCommand)
def test(
    quick: Annotated[bool, typer.Option("--quick", help="Without ThreadSanitizer and without canaries.")] = False,
) -> None:
    """Run everything that CI runs, and end with the line `N passed, N failed, N skipped`."""
    from tenter.verbs import suite
    raise typer.Exit(suite.run_all(this_house(), open_console(), quick))


@app.command(cls=StrictCommand)
def compare(before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A run folder, or its report.json.")],
            after: Annotated[Path, typer.Argument(metavar="AFTER", help="A later one.")]) -> None:
    """Say which findings are new from one run to another, which are still there, fixed, or were not run again.

    Ends with 1 when one is new, as `run --baseline` does, also when BEFORE did not run its case; with 3 when none is new and one was
    not run again, or no case is in both.
    """
    from tenter.verbs import compare as verb
    raise typer.Exit(verb.compare_runs(before.resolve(), after.resolve(), open_console()))


@app.command(cls=StrictCommand)
def report(folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="A run folder such as out/latest.")]) -> None:
    """Write the reports of a stored run again, or for the first time those of one that was killed; of a replay, what it counted."""
    from tenter.verbs import report as verb
    verb.write_again(folder.resolve(), this_house())


# In the order in which the help names them.
app.command(cls=StrictCommand)(cli_fuzz.fuzz)
app.command(cls=StrictCommand)(cli_sweep.sweep)
app.command(cls=StrictCommand)(cli_canary.canary)
app.command(cls=StrictCommand)(cli_checkout.doctor)
app.command(name="list", cls=StrictCommand)(cli_checkout.list_)
app.command(name="plan", cls=StrictCommand)(cli_plan.plan)
app.command(cls=StrictCommand)(cli_checkout.contracts)
app.command(cls=StrictCommand)(cli_checkout.build)


def _seconds(text: str) -> float | None:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)", text)
    if text and not match:
        raise UsageError(f"--budget: '{text}' is no time such as 90s, 5m or 1h (./tenter run --help)")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]] if match else None


def main(arguments: list[str] | None = None) -> int:
    """Runs a verb; every error that a user can meet is one line on stderr."""
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup asks for
            signal.signal(number, _interrupt)
    try:
        command = typer.main.get_command(app)
        paragraphs.flow(command, Console().width - _MARGINS)
        code = command.main(args=arguments, prog_name="./tenter", standalone_mode=False)
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
        return code if isinstance(code, int) else CLEAN
    except TenterError as error:
        say(one_line(str(error)))
        return error.exit_code
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        wanted = re.match(r"No such command '([^']*)'\.?(.*)", error.format_message())
        if wanted and context and context.parent is None and (longer := _longer(wanted[1])):
            say(f"no command '{wanted[1]}'; did you mean './tenter {longer}'? (./tenter {longer} --help)")
            return USAGE
        say((one_line(error.format_message()) or "a word is missing, which says what to do") + f" ({context.command_path if context else './tenter'} --help)")
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        say("interrupted")
        return INCONCLUSIVE
    except BrokenPipeError:
        return CLEAN
    except OSError as error:
        if error.errno in _NO_PATH and error.filename:
            say(f"'{_begin(one_line(str(error.filename)))}': {error.strerror}")
            return USAGE
        if error.errno not in FULL:
            return _defect(error)
        full = error.filename2 or error.filename  # of a copy the second is the one that had no room
        say(f"no space is left{f' for {full}' if full else ''}; what was written is kept")
        return INCONCLUSIVE
    except Exception as error:
        return _defect(error)


def _longer(word: str) -> str:
    """The verb of two words whose second is nearest, as `history prune` for `prune`; nothing where a verb of one word is nearer."""
    command = typer.main.get_command(app)
    second = {name: f"{verb} {name}" for verb, group in command.commands.items() for name in getattr(group, "commands", ())}
    found = difflib.get_close_matches(word, [*command.commands, *second], n=1, cutoff=0.7)
    return second.get(found[0], "") if found and found[0] not in command.commands else ""


def _begin(path: str) -> str:
    return path if len(path) <= _MOST_OF_A_PATH else f"{path[:_MOST_OF_A_PATH]}..."


def _defect(error: Exception) -> int:
    import traceback
    last = traceback.extract_tb(error.__traceback__)[-1]
    say(f"defect of the driver in {Path(last.filename).name}:{last.lineno}: {type(error).__name__}: {one_line(str(error))}")
    return DEFECT


def _interrupt(*_: object) -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)  # it may be sent to the process and to its group
    raise KeyboardInterrupt
