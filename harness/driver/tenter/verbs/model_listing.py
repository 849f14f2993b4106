"""The verb `list --model FILE`: what a model takes and gives, and how a fault plan names its nodes.

Each line stays one line on a narrow terminal too, which folds it itself, so that a filter can be copied as it is.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from pathlib import Path

from rich.console import Console

from tenter.cases.verdict import missing
from tenter.console import line
from tenter.errors import UsageError, nearest
from tenter.graphs import seeds
from tenter.house import House
from tenter.machine import model_file, model_outline
from tenter.machine.model_outline import ModelOutline, Port
from tenter.plain import one_line
from tenter.plan.input_shapes import sizes_of
from tenter.plan.support import unsupported

SITE = "cached_op.node.run"
# What the reference runtime does away with when it loads a model, so that it passes no fault site.
_NEVER_RUN = ("Constant", "Identity", "Dropout")


def print_model(path: Path, house: House, console: Console) -> None:
    if seeds.means_seed(str(path)) and not path.exists():
        path = seeds.file_of(str(path), house, "--model")
    elif model_file.is_name(path):
        path = model_file.named(house.models, path, "--model: ")
    if refused := model_file.no_file(path):
        raise UsageError(f"--model: {refused}{'' if os.path.lexists(path) else _neighbour(path)}")
    try:
        outline = model_outline.read(path)
    except ValueError as error:
        raise UsageError(f"--model: '{path}' is no ONNX model: {one_line(str(error))}") from error
    _print(console, f"{path.name}: opset {outline.opset or 'unknown'}")
    _print_ports(outline, model_file.shape_of_recipe(house.models, path), console)
    ops = outline.ops()
    _print(console, f"\nops ({len(ops)})")
    for op, count in ops.items():
        line(console, f"  {count:>5,}  {one_line(op)}")
    refused = unsupported(path, house)
    if refused:
        line(console, f"  the reference runtime cannot run it: {one_line(missing(refused))}", "yellow")
    _print_nodes(outline, console)


def _neighbour(path: Path) -> str:
    names = [other.name for other in path.absolute().parent.glob("*.onnx")]
    return nearest(path.name, names) if names else ""


def _print(console: Console, title: str) -> None:
    line(console, title, "bold")


def _print_ports(outline: ModelOutline, shapes: str, console: Console) -> None:
    _print(console, f"\ninputs ({len(outline.inputs)})")
    for port in outline.inputs:
        line(console, f"  {one_line(str(port))}{_option(port, shapes)}")
    _print(console, f"\noutputs ({len(outline.outputs)})")
    for port in outline.outputs:
        line(console, f"  {one_line(str(port))}")


def _option(port: Port, shapes: str) -> str:
    """What a run takes when nobody says, the shape of a recipe or else small ones; another one may be given in its place."""
    if not port.axes or not port.open or port.name != one_line(port.name):
        return ""
    return f"   open; by default --input-shape {one_line(shlex.quote(f'{port.name}=' + ','.join(map(str, port.sized(sizes_of(shapes, port))))))}"


def _print_nodes(outline: ModelOutline, console: Console) -> None:
    """The nodes in the order of the file. What several nodes are called means each of them."""
    filters = Counter((node.filter(), node.op) for node in outline.nodes if node.op not in _NEVER_RUN)
    _print(console, f"\nnodes ({sum(filters.values())}), as filters of a fault plan")
    for (text, op), count in filters.items():
        line(console, f"  {text}  {one_line(op)}{f', {count} nodes' if count > 1 else ''}")
    left_out = Counter(node.op for node in outline.nodes if node.op in _NEVER_RUN)
    if left_out:
        line(console, f"  without {', '.join(f'{count} {op}' for op, count in left_out.items())}: they do not run", "dim")
    if filters:
        line(console, f"\n  in a scenario: plan = '{SITE}@{next(iter(filters))[0]}=nth(3)throw(runtime_error,\"boom\")'")
    line(console, "  ? in a filter is any one character, * any number. A node of constants alone, and a BatchNormalization behind a Conv, "
                  "do not run either; a filter that means no node that runs is refused.", "dim")
