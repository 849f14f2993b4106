"""Which nodes of the model each node of a runtime does. Runtimes make one of several and give it a name of their own, so that only a
part of it is told; the rest follows from the graph. What cannot be known stays open: no time is divided or made up.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tenter.bench.model_nodes import MOVING, VIEWS, Node

LAYOUT = "change of layout"
# In the words of the runtimes: what puts the same numbers into another order, which no node of the model asked for.
_LAYOUT_OPS = frozenset(("turned", "Reorder", "ReorderInput", "ReorderOutput"))
_FAMILIES = {"Conv": "conv", "FusedConv": "conv", "NhwcFusedConv": "conv", "Convolution": "conv", "GroupConvolution": "conv",
             "ConvTranspose": "conv back", "Deconvolution": "conv back", "GroupDeconvolution": "conv back",
             "Gemm": "product", "FusedGemm": "product", "MatMul": "product", "FusedMatMul": "product", "FullyConnected": "product"}


@dataclass(frozen=True)
class Told:
    """A node of a runtime, in its own words."""

    name: str
    op: str
    kernel: str
    does: tuple[str, ...]      # names of nodes of the model that it says it does
    makes: str
    rounds: tuple[float, ...]  # ns

    @property
    def ns(self) -> float:
        return statistics.median(self.rounds)

    @property
    def is_layout(self) -> bool:
        return self.op in _LAYOUT_OPS

    @property
    def family(self) -> str:
        return _FAMILIES.get(self.op, "")


@dataclass(frozen=True)
class Share:
    """What one node of a runtime does of the model."""

    told: Told
    nodes: tuple[Node, ...]  # in the order of the file; none where it is not known, or nothing of the model

    @property
    def main(self) -> Node | None:
        """The one that gives it its kind."""
        for wanted in (lambda node: node.family, lambda node: node.op not in VIEWS, lambda node: True):
            found = next(filter(wanted, self.nodes), None)
            if found is not None:
                return found
        return None

    @property
    def kind(self) -> str:
        if self.main is not None:
            return self.main.kind
        return LAYOUT if self.told.is_layout else f"{self.told.op}, not told of which node"


def shares(nodes: Sequence[Node], told: Sequence[Told]) -> list[Share]:
    """One for each node of the runtime, in the order in which it told them."""
    claims = _Claims(nodes, told)
    claims.by_name()
    claims.by_weights()
    claims.by_order()
    claims.of_followers()
    claims.of_movers()
    owned: dict[int, list[Node]] = {}
    for node in nodes:
        if node.at in claims.owner:
            owned.setdefault(claims.owner[node.at], []).append(node)
    return [Share(one, tuple(owned.get(number, ()))) for number, one in enumerate(told)]


class _Claims:
    def __init__(self, nodes: Sequence[Node], told: Sequence[Told]) -> None:
        self.owner: dict[int, int] = {}  # place of a node of the model -> number of that of the runtime
        self._nodes = {node.at: node for node in nodes}
        self._told = told
        self._named = {name: node.at for node in reversed(nodes) for name in node.makes}
        self._named.update({node.name: node.at for node in reversed(nodes)})

    def by_name(self) -> None:
        """What is told: names of nodes, or of what they make."""
        for number, one in enumerate(self._told):
            if one.is_layout:
                continue
            for name in (*one.does, one.name):
                at = self._place(name, one.op)
                if at is not None:
                    self.owner.setdefault(at, number)

    def _place(self, name: str, op: str) -> int | None:
        for known in _forms(name):
            if known in self._named:
                return self._named[known]
        found = re.fullmatch(re.escape(op) + r"_(\d+)", name)  # a node without a name, by its place in the file
        node = self._nodes.get(int(found[1])) if found else None
        return node.at if node and node.op == op else None

    def by_weights(self) -> None:
        """What is computed with weights, before that which is told: of an activation its convolution."""
        for number, one in enumerate(self._told):
            mine = [self._nodes[at] for at, owner in self.owner.items() if owner == number]
            before = self._before(mine, one) if one.family and not any(node.family for node in mine) else None
            if before is not None:
                self.owner[before.at] = number

    def by_order(self) -> None:
        """Those of which nothing is told, in the order of the file: if there are as many, and everything that is known fits."""
        known = set(self.owner.values())
        missing: dict[str, list[int]] = {}
        for number, one in enumerate(self._told):
            if number not in known:
                missing.setdefault(one.family or one.op, []).append(number)
        for wanted, numbers in missing.items():
            left = [node for node in self._nodes.values() if (node.family or node.op) == wanted and node.at not in self.owner]
            if len(left) == len(numbers) and all(_fits(self._told[number], node) for number, node in zip(numbers, left, strict=True)):
                self.owner.update({node.at: number for number, node in zip(numbers, left, strict=True)})

    def _before(self, mine: Sequence[Node], told: Told) -> Node | None:
        """The nearest that nobody does, through nodes that nobody does. Where a sum has two, the last one of the file: what is
        added to it has to be there before."""
        queue = [at for node in mine for at in node.reads]
        seen, found = set(queue), []
        for at in queue:
            node = self._nodes[at]
            if at not in self.owner and node.family:
                found.append(node)
            elif at not in self.owner:
                queue += [read for read in node.reads if read not in seen]
                seen.update(node.reads)
        return max((node for node in found if node.family == told.family and _fits(told, node)), key=lambda node: node.at, default=None)

    def of_followers(self) -> None:
        """What nobody tells of goes with the last of what it reads: a normalisation, an activation."""
        for node in self._nodes.values():
            if node.at in self.owner or node.family or node.op in MOVING or not node.reads:
                continue
            owners = [self.owner.get(at) for at in node.reads]
            if None not in owners:
                self.owner[node.at] = max(owner for owner in owners if owner is not None)

    def of_movers(self) -> None:
        """What is only moved for one that is moved as well goes with that one."""
        readers: dict[int, list[Node]] = {}
        for node in self._nodes.values():
            for at in node.reads:
                readers.setdefault(at, []).append(node)
        for node in reversed(list(self._nodes.values())):
            mine = readers.get(node.at, [])
            owners = {self.owner.get(reader.at) for reader in mine}
            if node.at not in self.owner and node.op in MOVING and len(owners) == 1 and all(reader.op in MOVING for reader in mine):
                owner = owners.pop()
                if owner is not None:
                    self.owner[node.at] = owner


def _forms(name: str) -> Iterator[str]:
    """The name, and what a runtime may have made it from: `conv1_nchwc`, `norm1_bn_nchwc`, `fc/MatMulAddFusion`, `relu1_token_7`."""
    yield name
    bare, ends = name, 1
    while ends:
        bare, ends = re.subn(r"(_token_\d+|_nchwc|_bn|_mul)$", "", bare)
        yield bare
    while "/" in bare:
        bare = bare.rpartition("/")[0]
        yield bare


def _fits(told: Told, node: Node) -> bool:
    """Nothing that the runtime tells speaks against it."""
    grouped = "grouped" in node.kind or "depthwise" in node.kind
    if told.op in ("Convolution", "GroupConvolution") and grouped != (told.op == "GroupConvolution"):
        return False
    if "_1x1" in told.kernel and "1x1" not in node.kind:
        return False
    return not re.search(r"_dw(_|$)", told.kernel) or "depthwise" in node.kind
