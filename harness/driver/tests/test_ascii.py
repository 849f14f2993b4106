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
from tenter import spelling

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


def test_two_marks_stay_two_marks(called, house):
    """Of the history, of the bound, and of what a terminal would have obeyed."""
    for _ in range(2):
        assert called("run smoke/one smoke/hostile", "ascii")[0] == 1
    text = called("history smoke/hostile", "ascii")[1].decode()
    assert "smoke/hostile.probe  ##" in text and "o concluded nothing" in text
    assert "smoke/one.probe  __" in called("history smoke/one", "ascii")[1].decode()
    assert "<= 0.15 %" in called("run smoke/one", "ascii")[1].decode()


def test_a_name_is_pasted_as_that_name(called, house):
    """Whatever the terminal shows, the shell takes the bytes."""
    folder = house.root / "sp\N{LATIN SMALL LETTER A WITH DIAERESIS}ce \\d"
    folder.mkdir()
    (house.root / "né.onnx").rename(folder / "né.onnx")
    _, out, _ = called(f"run --model {shlex.quote(str(folder / 'né.onnx'))} --out {shlex.quote(str(folder))} -f probe", "ascii")
    again = next(line.partition("run longer: ")[2] for line in out.decode().splitlines() if "run longer: " in line)
    assert "$'" in again and again.isascii()
    words = subprocess.run(["bash", "-c", f"set -- {again}; printf '%s\\n' \"$@\""], capture_output=True, text=True, check=True).stdout.splitlines()
    assert words[words.index("--model") + 1] == str(folder / "né.onnx")
    report = next(line.partition("report: ")[2].partition("   (")[0] for line in out.decode().splitlines() if "report: " in line)
    assert subprocess.run(["bash", "-c", f"test -f {report}"], check=False).returncode == 0


def test_what_is_quoted_and_can_be_shown_stays(monkeypatch):
    assert spelling.for_a_shell("see 'a b' and 'ä'", "ascii") == "see 'a b' and $'\\xc3\\xa4'"
    assert spelling.for_a_shell("see 'ä'", "utf-8") == "see 'ä'" and spelling.for_a_shell("see 'ä'", "latin-1") == "see 'ä'"
    assert "\N{GREEK SMALL LETTER MU}·≤█▁\N{SYMBOL FOR ESCAPE}é".encode("ascii", spelling.HANDLER) == b"?o<=#_^[?"
