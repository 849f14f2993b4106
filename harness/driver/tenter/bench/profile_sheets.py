"""The sheets of `bench model --profile`: what profiles cost, and for each model where the time goes, by kind of node and by node."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tenter.bench.measurement import Book
from tenter.bench.model_goals import CONFINED, OURS, PEERS
from tenter.bench.model_sheets import SHORT, absences
from tenter.bench.profile_rows import LEAST_NS, Profile, Row
from tenter.bench.quantiles import quantile
from tenter.plain import one_line
from tenter.report.sheet import Sheet, number

_US = 1000.0
_SLOWEST = 15  # nodes in a table; the JSON has all
_LONGEST = 40   # letters of a name
_SHORTER = {OURS: "ours", "onnxruntime": "ORT", "openvino": "OpenVINO"}


def totals(book: Book, profiles: dict[str, Sequence[Profile]]) -> Sheet:
    rows = []
    for model, of_model in profiles.items():
        told = {profile.contender: profile for profile in of_model}
        for contender in (OURS, CONFINED, *PEERS):
            row = book.find(model, "latency", contender)
            if row:
                p50 = quantile(row.series["latency_ns"], 0.5)
                rows.append((model, SHORT[contender], number(p50 / _US), *_with_profile(told.get(contender), p50)))
    notes = ("One thread. With profile and by node: the mean of a round, and of these the median. Ours with its profile: the steps of the confined one "
             "after another, each timed. A sum over 1 says by how much the figures "
             "of that contender are too high, since what keeps the profile counts as well, and so does what else runs on "
             "the machine; one below 1 also lacks what lies between nodes.",
             "The clocks of both peers count whole microseconds and round down: half of one is missing of each node, and of OpenVINO one.",
             *absences(book, list(profiles)),
             *(f"{model}: {SHORT[one.contender]} has no profile: {one_line(one.absent)}." for model, of in profiles.items() for one in of if one.absent))
    return Sheet("One answer, us", (" model", " contender", "p50", "with profile", "costs", "nodes", "sum of nodes", "sum / p50"), tuple(rows), notes)


def _with_profile(profile: Profile | None, p50: float) -> tuple[str, ...]:
    if profile is None or not profile.shares or profile.answer_ns is None:
        return "", "", "", "", ""
    return (number(profile.answer_ns / _US), f"x {profile.answer_ns / p50:.2f}", f"{len(profile.shares):,}", number(profile.ns / _US),
            f"{profile.ns / p50:.2f}")


def kinds(model: str, rows: Sequence[Row], profiles: Sequence[Profile]) -> Sheet:
    names = _names(profiles)
    shown = tuple((row.kind, *(_cell(row, name) for name in names), _ratio(row), *(_count(row.parts.get(name, 0)) for name in names), _count(row.count))
                  for row in rows)
    columns = ("kind of node", *(f"{SHORT[name]}, us" for name in names), "ours / better", *(f"nodes of {_SHORTER[name]}" for name in names),
               "of the model")
    return Sheet(f"{model}, by kind of node", columns, shown, (
        "A node that a runtime does as a part of another has no time of its own: `in` names the kind that has most of them. "
        "Change of layout: put in by the runtime, for no node of the model.",))


def slowest(model: str, rows: Sequence[Row], profiles: Sequence[Profile]) -> Sheet:
    """Those on which ours loses to the better peer; without peers those that take longest."""
    names = _names(profiles)
    beside = [row for row in rows if row.better]
    lost, won = [row for row in beside if row.lost > 0], [row for row in beside if row.lost <= 0]
    wanted = (lost if beside else sorted(rows, key=lambda row: -row.ns(OURS)))[:_SLOWEST]
    shown = tuple((_short(row.name), row.kind, *(_cell(row, name) for name in names), *_within_rounds(row), _does(row), row.kernel, row.makes) for row in wanted)
    columns = ("node", " kind", *(f"{SHORT[name]}, us" for name in names), "ours / better", "95 %", " does as well", " our kernel",
               " makes, as it lies in memory")
    if not beside:
        return Sheet(f"{model}, the slowest nodes", columns, shown, ("What is one step of ours; bench.json has all of them.",))
    return Sheet(f"{model}, the nodes on which ours loses most", columns, shown, (
        "What is one step of ours, and what the peers take for the same nodes, which may be several of theirs; `in` names the node with which they do it. "
        "Ours over the better peer is the median over the rounds, with an interval from six rounds on. "
        f"Over the better peer ours loses {_sum(lost)} us on {len(lost):,} of them and wins {_sum(won)} us on {len(won):,}; bench.json has all.",))


def _sum(rows: Sequence[Row]) -> str:
    return number(abs(math.fsum(row.lost for row in rows)) / _US)


def _names(profiles: Sequence[Profile]) -> list[str]:
    return [profile.contender for profile in profiles if profile.shares]


def _cell(row: Row, contender: str) -> str:
    if contender in row.times:
        ns = row.ns(contender)
        return "<1" if contender != OURS and ns < LEAST_NS else number(ns / _US)
    return f"in {_short(row.within[contender])}" if contender in row.within else ""


def _count(count: int) -> str:
    return f"{count:,}" if count else ""


def _ratio(row: Row) -> str:
    return "" if row.ratio is None else f"{row.ratio:.2f}"


def _within_rounds(row: Row) -> tuple[str, str]:
    found = row.within_rounds
    if found is None:
        return "", ""
    return f"{found.median:.2f}", f"{found.low:.2f} to {found.high:.2f}" if found.told else ""


def _does(row: Row) -> str:
    others = [name for name in row.does if name != row.name]
    return _short(", ".join(others))


def _short(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST - 3]}..."
