"""What the figures of `bench policies` say: the sheets, and sentences that hold only what was measured."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from tenter.bench.measurement import Book, Measured
from tenter.report.sheet import Sheet, number

SKIP, RUN = "skip", "run"
@dataclass(frozen=True)
class Pair:
    """The two policies on one program with one share of failing ops and one duration."""

    skip: Measured
    run: Measured

    @property
    def shape(self) -> str:
        return self.skip.workload

    @property
    def percent(self) -> float:
        return dict(self.skip.parameters)["fault_percent"]

    @property
    def task_ns(self) -> float:
        return dict(self.skip.parameters)["task_ns"]

    def logs(self) -> list[float]:
        """log(run / skip) of each repetition: both ran side by side then, so what disturbed one disturbed the other."""
        return [math.log(run / skip) for run, skip in zip(_times_of(self.run), _times_of(self.skip), strict=True)]

    @property
    def ratio(self) -> Ratio:
        """Above 1, running the dependents takes longer than skipping them."""
        return ratio_of(self.logs())


@dataclass(frozen=True)
class Ratio:
    """A geometric mean with its 95 % confidence interval."""

    mean: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether the interval says on which side of 1 the ratio lies."""
        return not self.low <= 1 <= self.high

    def __str__(self) -> str:
        return f"{self.mean:.2f} (95%: {self.low:.2f} to {self.high:.2f})"


def ratio_of(logs: list[float]) -> Ratio:
    mean, count = statistics.fmean(logs), len(logs)
    if count < 2:
        return Ratio(math.exp(mean), 0.0, math.inf)
    half = _student(count - 1) * statistics.stdev(logs) / math.sqrt(count)
    return Ratio(math.exp(mean), math.exp(mean - half), math.exp(mean + half))


def _student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, by its expansion around the normal one (Abramowitz and Stegun 26.7.5)."""
    z = statistics.NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _times_of(row: Measured) -> list[float]:
    return [push + complete for push, complete in zip(row.series["push_ns"], row.series["complete_ns"], strict=True)]


@dataclass(frozen=True)
class Comparison:
    clean: tuple[Pair, ...]
    faulty: tuple[Pair, ...]


def pairs(book: Book) -> Iterator[Pair]:
    for row in book:
        other = book.find(row.part, row.workload, RUN, **dict(row.parameters))
        if row.contender == SKIP and other:
            yield Pair(row, other)


def compare(book: Book) -> Comparison:
    found = tuple(pairs(book))
    return Comparison(tuple(pair for pair in found if pair.percent == 0),
                      tuple(pair for pair in found if pair.percent > 0))


def sheets(book: Book) -> list[Sheet]:
    comparison = compare(book)
    return [sheet for sheet in (_clean(comparison), _behaviour(comparison), _times(comparison)) if sheet.rows]


def _clean(comparison: Comparison) -> Sheet:
    rows = tuple((pair.shape, _duration(pair), *_spread(pair.skip), *_spread(pair.run), str(pair.ratio))
                 for pair in comparison.clean)
    return Sheet("Cost without failures, ns per op", (" shape", "op", "skip: min", "median", "run: min", "median",
                                                      " run / skip"), rows,
                 ("Run / skip is the geometric mean over the repetitions, in each of which both ran.",))


def _behaviour(comparison: Comparison) -> Sheet:
    """Counts do not depend on how long an op takes, so each pair is shown once."""
    rows = []
    for pair in comparison.faulty:
        if pair.task_ns == 0:
            ops = pair.skip.ops
            rows.append((pair.shape, f"{pair.percent:g} %", _count(pair.skip, "ran"), _count(pair.skip, "skipped"),
                         _count(pair.skip, "failed"), _count(pair.run, "failed"), _count(pair.run, "wasted"),
                         f"{_median(pair.run, 'wasted') / ops:.1%}", _count(pair.skip, "poisoned_vars")))
    return Sheet("Behaviour with failures, ops per repetition (medians)",
                 (" shape", "failing", "skip: ran", "skipped", "reported", "run: reported", "wasted", "wasted of all",
                  "poisoned at the end"), tuple(rows),
                 ("Under `run` every op runs. Wasted: ran on a poisoned input, so that its result is poisoned whatever it "
                  "computes. Reported: root failures that WaitForAll threw; under `run` an op that only saw poison can fail "
                  "as well. The variables poisoned at the end are the same under both.",))


def _times(comparison: Comparison) -> Sheet:
    rows = tuple((pair.shape, f"{pair.percent:g} %", _duration(pair), *_spread(pair.skip), *_spread(pair.run),
                  str(pair.ratio)) for pair in comparison.faulty)
    return Sheet("Time with failures, ns per op of the program", (" shape", "failing", "op", "skip: min", "median",
                                                                  "run: min", "median", " run / skip"), rows)


def _spread(row: Measured) -> tuple[str, str]:
    spread = row.ns_per_op()
    return number(spread.least), number(spread.median)


def _duration(pair: Pair) -> str:
    return "empty" if pair.task_ns == 0 else f"{pair.task_ns / 1000:g} us"


def _median(row: Measured, quantity: str) -> float:
    return statistics.median(row.series[quantity])


def _count(row: Measured, quantity: str) -> str:
    return f"{_median(row, quantity):,.0f}"


def conclusions(comparison: Comparison) -> list[str]:
    return [sentence for sentence in (*_about_clean(comparison.clean), *_about_waste(comparison.faulty),
                                      *_about_time(comparison.faulty)) if sentence]


def _about_clean(clean: tuple[Pair, ...]) -> Iterator[str]:
    if not clean:
        return
    ratio = ratio_of([value for pair in clean for value in pair.logs()])
    seen = (f"Without failures, running the dependents takes {ratio} times as long as skipping them, over {len(clean)} "
            "programs.")
    if not ratio.told:
        yield (f"{seen} No difference was found: asking whether an input is poisoned costs nothing that these figures can "
               "tell.")
    else:
        dearer = "skipping" if ratio.mean < 1 else "running the dependents"
        yield f"{seen} So {dearer} is dearer even when nothing fails."


def _about_waste(faulty: tuple[Pair, ...]) -> Iterator[str]:
    for percent in sorted({pair.percent for pair in faulty}):
        shares = {pair.shape: _median(pair.run, "wasted") / pair.run.ops
                  for pair in faulty if pair.percent == percent and pair.task_ns == 0}
        if shares:
            least, most = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
            yield (f"With {percent:g} % failing ops, `run` wastes from {shares[least]:.1%} ({least}) to {shares[most]:.1%} "
                   f"({most}) of all ops.")


def _about_time(faulty: tuple[Pair, ...]) -> Iterator[str]:
    if not faulty:
        return
    told = [pair for pair in faulty if pair.ratio.told]
    dearer = [pair for pair in told if pair.ratio.mean > 1]
    cheaper = [pair for pair in told if pair.ratio.mean < 1]
    yield (f"Of {len(faulty)} programs with failures, `run` takes longer in {len(dearer)} and less time in {len(cheaper)}; "
           f"in the other {len(faulty) - len(told)} no difference was found. At 95%, chance alone tells "
           f"{0.05 * len(faulty):.0f} of so many apart.")
    for found, pick, word in ((dearer, max, "longest"), (cheaper, min, "shortest")):
        if found:
            pair = pick(found, key=lambda pair: pair.ratio.mean)
            yield (f"`run` takes {word} against `skip` for {pair.shape}, {pair.percent:g} % failing, {_duration(pair)} ops: "
                   f"{pair.ratio} times its time.")
