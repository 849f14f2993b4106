"""The command line of `plan`: what a model is compiled to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from tenter.console import open_console
from tenter.house import this_house
from tenter.plan import input_shapes
from tenter.record import destination
from tenter.strict import refuse_beside

_ROUNDS = 200


def plan(
    context: typer.Context,
    model: Annotated[Path, typer.Argument(metavar="MODEL", show_default=False, help="An ONNX file, or a model by its name (./tenter bench model "
                                                  "--help has them).")],
    input_shape: Annotated[Optional[list[str]], typer.Option(
        "--input-shape", metavar="NAME=1,3,48,192", help="Shape of an input whose dimensions are open; may be given again. Default: that "
        "of the recipe, and 1 for the first and 64 for every other one that is open.")] = None,
    time: Annotated[bool, typer.Option("--time", help="How long each step takes: the median, on as many threads as --threads says, on drawn inputs.")] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=1_000_000, help="How often, with --time.")] = _ROUNDS,
    together: Annotated[Optional[int], typer.Option("--together", min=2, max=128, metavar="N", help="Say whether N requests may run as one, "
        "and whether they have the bits then that they have alone.", show_default=False)] = None,
    threads: Annotated[int, typer.Option("--threads", min=1, max=64, metavar="N", help="As for N threads that compute a kernel together "
        "(intra_op); with --time they do.")] = 1,
    reference: Annotated[bool, typer.Option("--reference", help="With the reference kernels, which fuse nothing.")] = False,
    json: Annotated[Optional[Path], typer.Option("--json", metavar="FILE", callback=destination.looked_at("--json"), help="Write it here as well.")] = None,
) -> None:
    """Show what our runtime compiles a model to: its steps, what is fused into each, kernels, layouts and memory.

    One line is one step, in the order in which they run. A step is a node of the model with those that are fused into it, such as
    Conv[Add,Relu], or an image that is turned between the two layouts. What a step makes is told as it lies in memory: an image whose
    channels come last has them at the end.

    [dim]Examples:[/dim]
      ./tenter plan net.onnx
      ./tenter plan net.onnx --time                           and how long each step takes, the most expensive kernels first
      ./tenter plan net.onnx --input-shape x=8,3,48,320       for another signature
      ./tenter plan net.onnx --together 4                     may four requests that wait run as one (batch_max)?
    """
    from tenter.bench import compiled
    if not time:
        refuse_beside(context, ("rounds",), "goes with --time")
    shapes = input_shapes.as_text(input_shape, "./tenter plan --help") if input_shape else ""
    compiled.run(model, shapes, rounds if time else 0, together or 1, threads, reference, json, this_house(), open_console())
