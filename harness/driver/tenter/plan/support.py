"""What the reference runtime says that it cannot run of a model: asked of the runner, which loads it and computes nothing."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from tenter.errors import UNSUPPORTED
from tenter.house import House

_WAIT_S = 60
# No input is called so: a model that can be loaded is refused for it, before anything is computed.
_NO_INPUT = "no input of any model=1"


def unsupported(model: Path, house: House, flavour: str = "probe") -> str:
    """The last line of its refusal; nothing for a model that it loads, and where nothing is built that could be asked."""
    runner, library = house.runner(flavour), house.target(flavour, "reference")
    if not runner.is_file() or not library.is_file():
        return ""
    plan = {"version": 1, "scenario": "list", "flavour": flavour, "target": {"name": "reference", "library": str(library), "saboteur": ""},
            "workload": {"kind": "concurrent_inference", "model": str(model.resolve()), "threads": 1, "inferences": 1, "input_shape": _NO_INPUT},
            "faults": "", "checks": ["liveness"], "seed": 1, "watchdog_ms": _WAIT_S * 1000}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "out").mkdir()
        (Path(folder) / "plan.json").write_text(json.dumps(plan))
        try:
            done = subprocess.run([str(runner), "run", f"{folder}/plan.json", "--out", f"{folder}/out"], capture_output=True, text=True,
                                  errors="replace", timeout=_WAIT_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return ""
    return (done.stderr.strip().splitlines() or [""])[-1] if done.returncode == UNSUPPORTED else ""
