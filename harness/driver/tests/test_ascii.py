"""On an output that knows no sign beyond ASCII each verb ends as otherwise: no traceback, no defect of the driver."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from test_fuzz import fuzzer  # noqa: F401  (a fixture)
from test_standpoint import LAUNCHER
from tenter import house as houses

VERBS = {"run smoke canary": 66, "run smoke/hostile -q": 1, "run smoke/one --github": 0, "report out/latest": 0, "compare {0} {1}": 1, "compare {1} {0}": 3,
         "history": 0, "history --json": 0, "history smoke/hostile": 0, "history {id}": 0, "list": 0, "list --model né.onnx": 0,
         "run --model né.onnx -f probe": 0, "run n☃ne": 2, "fuzz engine -s 1": 0, "fuzz engine --replay n☃ne": 2}


@pytest.fixture
def called(house, fuzzer, write):  # noqa: F811
    """Runs a verb in an environment; returns exit code, stdout and stderr as bytes."""
    import onnx
    from onnx import TensorProto, helper
    value, other = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["é", 3]) for name in ("x☃", "y"))
    onnx.save(helper.make_model(helper.make_graph([helper.make_node("Relu", ["x☃"], ["y"])], "g", [value], [other])), str(house.root / "né.onnx"))
    launcher = house.root / "tenter"
    launcher.write_text(LAUNCHER.format(python=sys.executable, driver=str(Path(houses.__file__).parents[1]), root=str(house.root)))
    launcher.chmod(0o755)
    write("smoke/one", head='purpose = "≤ ☃"')
    write("smoke/race", behaviour="race")
    write("smoke/hostile", behaviour="hostile", head='contracts = ["COP-1"]')
    write("canary/one", "[expect]\nfound_by = 'determinism'", behaviour="finding")

    def call(line: str, encoding: str) -> tuple[int, bytes, bytes]:
        environment = {name: text for name, text in os.environ.items() if not name.startswith("GITHUB_")} | {
            "PYTHONIOENCODING": encoding, "BEHAVIOUR": "clean"}
        done = subprocess.run([str(launcher), *shlex.split(line)], cwd=house.root, capture_output=True, env=environment, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr
    return call


def test_each_verb_ends_as_otherwise(called, house):
    codes = {name: called(f"run {name}", "utf-8")[0] for name in ("smoke/one", "smoke")}
    assert codes == {"smoke/one": 0, "smoke": 66}
    runs = sorted(path.parent.name for path in house.out.glob("2*/report.json") if not path.parent.is_symlink())
    ids = re.findall(rb"^([0-9a-f]{8}) ", called("history", "utf-8")[1], re.M)
    wrong = []
    for verb, expected in VERBS.items():
        line = verb.format(*(f"out/{run}" for run in runs), id=ids[0].decode())
        code, out, err = called(line, "ascii")
        usual, shown, said = called(line, "utf-8")
        if "--json" not in line and re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", (shown + said).decode()):
            wrong.append(f"{line}: prints what a terminal obeys")
        if code != usual or code != expected or not (out + err).isascii() or re.search(rb"Traceback|defect of the driver", out + err):
            wrong.append(f"{line}: {code}, {usual} otherwise, {expected} expected: {(out + err)[-300:]!r}")
    assert not wrong, "\n".join(wrong)
