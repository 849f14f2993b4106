"""The verb `plan`: what our runtime compiles a model to, step by step, and how long each step takes."""

from __future__ import annotations

import json
import math
import re
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from tenter.bench import asked_models
from tenter.bench.asked_models import Asked
from tenter.bench.engine import FLAVOUR
from tenter.console import build_shown, line, say
from tenter.errors import HarnessDefect, UsageError
from tenter.house import House
from tenter.machine.processors import crowded
from tenter.plain import one_line
from tenter.record import destination
from tenter.report.sheet import Sheet, number
from tenter.report.wording import plural

_PROGRAM = "tenter-plan"
_MANY_ELEMENTS = 1024  # of which a reference kernel makes a plan slow
TURNED = "turned"


@dataclass(frozen=True)
class Step:
    number: int
    name: str
    ops: str      # "Conv[Add,Relu]": what is fused into the first one
    kernel: str
    makes: str    # "float32[1,48,192,3]", as it lies in memory
    ns: float | None = None  # median

    @property
    def slow(self) -> bool:
        """A loop that is meant to be read, over more than a few numbers."""
        return self.kernel.split(" x ")[-1] == "reference" and self.ops not in _AS_FAST and _elements(self.makes) > _MANY_ELEMENTS


# Their reference kernels are loops over dense memory, as fast as those of the library.
_AS_FAST = ("Relu", "Clip", "HardSigmoid", "Concat", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Cast")


@dataclass(frozen=True)
class Together:
    """Requests that would run as one."""
    requests: int
    mixed: str = ""           # why they may not; then the rest means nothing
    same_bits: bool = True
    largest: float = 0.0      # difference of a number of the results
    first: str = ""           # the step behind which bits differ first

    @property
    def text(self) -> str:
        if self.mixed:
            return f"{self.requests} requests cannot run as one: {one_line(self.mixed)}"
        if self.same_bits:
            return f"{self.requests} requests may run as one, and have the bits then that each has alone"
        where = f", first behind {one_line(self.first)}" if self.first else ""
        return f"{self.requests} requests may run as one, and their numbers differ by {self.largest:.2g} at most then{where}"


@dataclass(frozen=True)
class Compiled:
    nodes: int              # in the file
    nodes_loaded: int       # after what is done once per model
    parameter_bytes: int
    packed_bytes: int
    arena_bytes: int        # of one request that runs
    scratch_bytes: int      # of those
    slots: int
    steps: tuple[Step, ...]
    together: Together | None = None

    @property
    def turned(self) -> int:
        return sum(step.ops == TURNED for step in self.steps)

    @property
    def ns(self) -> float | None:
        return None if any(step.ns is None for step in self.steps) else math.fsum(step.ns or 0 for step in self.steps)


def run(file: Path, shapes: str, rounds: int, together: int, threads: int, reference: bool, out: Path | None, house: House, console: Console) -> Compiled:
    """Compiles the model, shows the plan and returns it. `rounds`: how often it is timed; 0: not at all. `together`: so many requests as one.
    `threads`: that compute a kernel together."""
    model, = asked_models.find((file,), shapes, house)
    if note := crowded(threads if rounds else 1, "--threads"):  # without --time none of them runs
        say(note)
    build_shown(house, FLAVOUR, console, (_PROGRAM,))
    words = [str(model.path), "--kernels", _kernels(reference), *_inputs(model)]
    words += [*(("--rounds", str(rounds)) if rounds else ()), *(("--together", str(together)) if together > 1 else ())]
    words += ["--threads", str(threads)] if threads > 1 else []
    compiled = read(_output(house, words, model.name))
    _show(model, compiled, threads, console)
    if out is not None:
        asked = {"model": model.name, "inputs": model.inputs, **_asked(rounds, threads, reference)}
        destination.write(out, json.dumps({**asked, **asdict(compiled)}, indent=1) + "\n")
    return compiled


def _asked(rounds: int, threads: int, reference: bool) -> dict[str, object]:
    """What tells two files of one model apart."""
    return {"kernels": _kernels(reference), "threads": threads, "rounds": rounds}


def _kernels(reference: bool) -> str:
    return "reference" if reference else "onednn"


def _inputs(model: Asked) -> list[str]:
    return [word for text in model.inputs for word in ("--input", text.rpartition("=")[2])]


def _output(house: House, words: Sequence[str], name: str) -> str:
    program = house.build(FLAVOUR) / "runtime" / "cached_op" / _PROGRAM
    done = subprocess.run([str(program), *words], capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 1:
        raise UsageError(f"{name} cannot be compiled: {one_line(done.stderr.removeprefix(_PROGRAM + ': ').strip())}")
    if done.returncode != 0:
        raise HarnessDefect(f"{_PROGRAM} {' '.join(words)} ended with {done.returncode}: {one_line(done.stderr) or 'no message'}")
    return done.stdout


def read(text: str) -> Compiled:
    """What the program printed: a line for each thing, with tabs between its fields."""
    rows = [row.split("\t") for row in text.split("\n") if row]
    facts = {row[0]: [int(field) for field in row[1:]] for row in rows if row[0] not in ("step", "together")}
    steps = tuple(_step(row[1:]) for row in rows if row[0] == "step")
    together = next((_together(row[1:]) for row in rows if row[0] == "together"), None)
    return Compiled(*facts["graph"], *facts["parameters"], *facts["memory"], steps=steps, together=together)


def _together(fields: Sequence[str]) -> Together:
    requests, rows, *rest = fields
    if rows == "mixed":
        return Together(int(requests), mixed=rest[0])
    bits, largest, first = rest
    return Together(int(requests), same_bits=bits == "same", largest=float(largest), first="" if first == "-" else first)


def _step(fields: Sequence[str]) -> Step:
    at, name, ops, kernel, makes, times = fields
    return Step(int(at), name, ops, kernel, makes, statistics.median(map(int, times.split(","))) if times else None)


def _elements(specs: str) -> int:
    return sum(math.prod(int(dim) for dim in dims.split(",") if dim) for dims in re.findall(r"\[([\d,]*)\]", specs))


def _show(model: Asked, compiled: Compiled, threads: int, console: Console) -> None:
    line(console, f"{one_line(model.name)}  {one_line('; '.join(model.inputs))}", "bold")
    line(console, f"  {compiled.nodes:,} nodes in the file, {compiled.nodes_loaded:,} once it is loaded, {len(compiled.steps):,} steps; "
                  f"{compiled.turned} times an image is turned between layouts")
    line(console, f"  parameters {_size(compiled.parameter_bytes)}, packed for kernels {_size(compiled.packed_bytes)}; a request that runs "
                  f"needs {_size(compiled.arena_bytes)} in {compiled.slots} slots, {_size(compiled.scratch_bytes)} of it scratch")
    if compiled.together is not None:
        line(console, f"  {compiled.together.text}")
    if compiled.ns is not None:
        line(console, f"  {number(compiled.ns / 1000)} us, the medians of the steps together, on {plural(threads, 'thread')}")
    for sheet in sheets(compiled):
        sheet.print(console)


def sheets(compiled: Compiled) -> list[Sheet]:
    slow = [step for step in compiled.steps if step.slow]
    notes = (f"reference kernels over more than {_MANY_ELEMENTS:,} elements: {', '.join(step.name for step in slow)}",) if slow else ()
    timed = compiled.ns is not None
    columns = ("step", " ops", " kernel", " makes", *(("us", "%") if timed else ()))
    rows = tuple((one_line(step.name), step.ops, step.kernel, step.makes, *_time(step.ns, compiled.ns)) for step in compiled.steps)
    steps = Sheet("Steps, in order", columns, rows, notes)
    return [steps, _by_kernel(compiled)] if timed else [steps]


def _by_kernel(compiled: Compiled) -> Sheet:
    """What costs most first."""
    times: dict[tuple[str, str], list[float]] = {}
    for step in compiled.steps:
        times.setdefault((step.ops, step.kernel), []).append(step.ns or 0)
    rows = sorted(times.items(), key=lambda item: -math.fsum(item[1]))
    return Sheet("By kernel", ("ops", " kernel", "steps", "us", "%"),
                 tuple((*key, str(len(values)), *_time(math.fsum(values), compiled.ns)) for key, values in rows))


def _time(ns: float | None, of: float | None) -> tuple[str, ...]:
    return () if ns is None or of is None else (number(ns / 1000), f"{100 * ns / of:.1f}" if of else "")


def _size(count: int) -> str:
    return f"{count / 1e6:,.2f} MB" if count >= 1e5 else f"{count:,} bytes"
