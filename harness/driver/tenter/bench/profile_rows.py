"""Profiles of several runtimes beside each other: by kind of node, and by what is one step of ours. A function of plain data.

A time is the sum of the medians of its nodes, since what interrupts meets one node of one round. For a step, which is few nodes, the
ratio is taken within each round.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tenter.bench.model_goals import OURS
from tenter.bench.model_nodes import Node
from tenter.bench.node_shares import Share, Told, shares
from tenter.bench.quantiles import Middle, middle

LEAST_NS = 500.0  # the clocks of the peers count whole microseconds


@dataclass(frozen=True)
class Profile:
    """Of one contender; without nodes where it has none to tell."""

    contender: str
    absent: str
    answer_ns: float | None         # with the profile on
    shares: tuple[Share, ...] = ()

    @property
    def ns(self) -> float:
        return math.fsum(share.told.ns for share in self.shares)


@dataclass(frozen=True)
class Row:
    """What belongs together, with the time of everybody who has one. Nobody has a time and a place in another row."""

    name: str                # of a kind, or of a step of ours
    kind: str
    count: int               # of nodes of the model
    does: tuple[str, ...] = ()
    kernel: str = ""
    makes: str = ""
    times: dict[str, float] = field(default_factory=dict)               # contender -> ns
    rounds: dict[str, tuple[float, ...]] = field(default_factory=dict)  # contender -> ns of each round
    parts: dict[str, int] = field(default_factory=dict)                 # contender -> how many of its nodes that is
    within: dict[str, str] = field(default_factory=dict)                # contender -> the row in which it does this

    def ns(self, contender: str) -> float:
        """0 of who has no time of its own."""
        return self.times.get(contender, 0.0)

    @property
    def better(self) -> str:
        """The better peer, of those who have a time of their own; nothing where none has."""
        return min((name for name in self.times if name != OURS), key=self.ns, default="")

    @property
    def ratio(self) -> float | None:
        """Ours over the better peer, whose clock tells nothing below a microsecond."""
        return self.ns(OURS) / self.ns(self.better) if OURS in self.times and self.ns(self.better) >= LEAST_NS else None

    @property
    def within_rounds(self) -> Middle | None:
        """The same, taken within each round."""
        if self.ratio is None:
            return None
        pairs = zip(self.rounds[OURS], self.rounds[self.better], strict=True)
        return middle([one / other for one, other in pairs if other > 0])

    @property
    def lost(self) -> float:
        """What ours takes longer."""
        return self.ns(OURS) - self.ns(self.better)


def read(documents: Sequence[dict[str, Any]], nodes: Sequence[Node]) -> list[Profile]:
    """What the program wrote of each contender."""
    return [_read(one, nodes) for one in documents]


def _read(document: dict[str, Any], nodes: Sequence[Node]) -> Profile:
    told = [Told(one["name"], one["op"], one["kernel"], tuple(one["does"]), one["makes"], tuple(one["ns"]))
            for one in document["nodes"]]
    answers = document["answer_ns"]
    return Profile(document["contender"], document["absent"], statistics.median(answers) if answers else None, tuple(shares(nodes, told)))


def by_kind(profiles: Sequence[Profile], nodes: Sequence[Node]) -> list[Row]:
    """What costs ours most first."""
    of_kind = Counter(node.kind for node in nodes)
    kinds = dict.fromkeys([*(share.kind for profile in profiles for share in profile.shares), *of_kind])
    rows = {kind: Row(kind, kind, of_kind[kind]) for kind in kinds}
    for profile in profiles:
        for share in profile.shares:
            _add(rows[share.kind], profile.contender, share)
        own = {node.at: share.kind for share in profile.shares for node in share.nodes}
        for kind, row in rows.items():
            places = Counter(own[node.at] for node in nodes if node.kind == kind and node.at in own)
            if profile.contender not in row.times and places:
                row.within[profile.contender] = places.most_common(1)[0][0]
    return sorted((row for row in rows.values() if row.times), key=lambda row: (OURS not in row.times, -row.ns(OURS), -row.ns(row.better)))


def by_step(profiles: Sequence[Profile]) -> list[Row]:
    """A row for each step of ours that does something of the model; those on which it loses most first. What a peer does stands in
    the row of the node that gives it its kind."""
    ours = next((profile for profile in profiles if profile.contender == OURS), None)
    rows: list[Row] = []
    row_of: dict[int, Row] = {}
    for share in ours.shares if ours else ():
        if share.main is None:
            continue
        names = tuple(node.name for node in share.nodes)
        rows.append(Row(share.main.name, share.kind, len(names), names, share.told.kernel, share.told.makes))
        _add(rows[-1], OURS, share)
        row_of.update({node.at: rows[-1] for node in share.nodes})
    for profile in profiles:
        if profile is not ours:
            _beside(profile, rows, row_of)
    return sorted(rows, key=lambda row: (not row.better, -row.lost))


def _beside(profile: Profile, rows: Sequence[Row], row_of: dict[int, Row]) -> None:
    home: dict[int, Row] = {}  # by the node of the model
    for share in profile.shares:
        found = next((row_of[node.at] for node in (share.main, *share.nodes) if node is not None and node.at in row_of), None)
        if found is not None:
            _add(found, profile.contender, share)
            home.update({node.at: found for node in share.nodes})
    for at, row in row_of.items():
        if profile.contender not in row.times and at in home:
            row.within.setdefault(profile.contender, home[at].name)


def _add(row: Row, contender: str, share: Share) -> None:
    row.times[contender] = row.ns(contender) + share.told.ns
    mine = row.rounds.get(contender)
    row.rounds[contender] = share.told.rounds if mine is None else tuple(map(sum, zip(mine, share.told.rounds, strict=True)))
    row.parts[contender] = row.parts.get(contender, 0) + 1
