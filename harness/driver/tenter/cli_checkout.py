"""The command line of the verbs about this checkout: what is there, what can be run, what is cited, and building it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from tenter.console import open_console, say
from tenter.errors import CLEAN, FINDINGS, UsageError, nearest
from tenter.house import FLAVOURS, this_house
from tenter.strict import refuse_beside


def doctor() -> None:
    """Say what is there, what is missing, and what that disables."""
    from tenter.verbs import doctor as verb
    raise typer.Exit(verb.print_facts(verb.examine(this_house()), open_console()))


def list_(
    context: typer.Context,
    flavour: Annotated[str, typer.Option("--flavour", "-f", help="Ask the runner of this flavour.")] = "probe",
    model: Annotated[Optional[Path], typer.Option(metavar="FILE.onnx|NAME|generated:SEED", help="What this model takes and gives, its ops, and its "
                                                  "nodes as the op: filters of a fault plan.")] = None,
) -> None:
    """List scenarios, workloads with their parameters, checks, fault sites and saboteurs; or what is in a model.

    [dim]Examples:[/dim]
      ./tenter list                       every word that a scenario may use
      ./tenter list --model net.onnx      shapes for --input-shape, and names for op: in a fault plan
    """
    from tenter.verbs import listing, model_listing
    if model is not None:
        refuse_beside(context, ("flavour",), "says nothing beside --model, whose file is read")
        model_listing.print_model(model, this_house(), open_console())
    else:
        listing.print_all(this_house(), flavour, open_console())


def contracts() -> None:
    """Show which test or scenario cites each contract; ends with 1 when one is cited by none."""
    from tenter.sources import contracts as verb
    table = verb.collect(this_house())
    verb.print_table(table, open_console())
    raise typer.Exit(FINDINGS if table.problems() else CLEAN)


def build(flavours: Annotated[list[str], typer.Argument(metavar="FLAVOUR...", help="release, probe, tsan, asan, gcc")]
          ) -> None:
    """Configure and build flavours.

    [dim]Example:[/dim] ./tenter build probe tsan
    """
    from tenter.console import build_shown
    for flavour in flavours:  # all of them before the first is built
        if flavour not in FLAVOURS:
            raise UsageError(f"unknown flavour '{flavour}'{nearest(flavour, FLAVOURS)}")
    for flavour in flavours:
        if not build_shown(this_house(), flavour, open_console()):
            say(f"{flavour} is up to date")
