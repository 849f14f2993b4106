"""`./tenter plan`: what is read of the program's lines, what is told, and the program itself where it is built."""

from __future__ import annotations

import json
import subprocess

import pytest
from rich.console import Console

from tenter.bench import compiled as verb
from tenter.errors import UsageError
from tenter.house import this_house

LINES = ("graph\t9\t4", "parameters\t2048\t0", "memory\t4096\t64\t3",
         "step\t0\tc1\tturned\treference\tfloat32[1,8,8,3]\t1000,3000,2000",
         "step\t1\tc1\tConv[Add,Relu]\tjit:avx2\tfloat32[1,8,8,16]\t7000,7000,7000",
         "step\t2\tp\tSoftmax\treference\tfloat32[1,1025]\t1000,1000,1000",
         "step\t3\tq\tSoftmax\treference\tfloat32[1,1024]\t0,0,0",
         "step\t4\tr\tRelu\treference\tfloat32[4096]\t0,0,0")


def test_lines_become_a_plan():
    plan = verb.read("\n".join(LINES))
    assert (plan.nodes, plan.nodes_loaded, plan.parameter_bytes, plan.arena_bytes, plan.scratch_bytes, plan.slots) == (9, 4, 2048, 4096, 64, 3)
    assert (plan.turned, plan.ns) == (1, 10_000)
    assert [step.ns for step in plan.steps] == [2000, 7000, 1000, 0, 0]


def test_a_loop_for_reading_over_many_numbers_is_told_as_slow():
    plan = verb.read("\n".join(LINES))
    assert [step.name for step in plan.steps if step.slow] == ["p"]
    steps, kernels = verb.sheets(plan)
    assert steps.notes == ("reference kernels over more than 1,024 elements: p",)
    assert kernels.rows[0] == ("Conv[Add,Relu]", "jit:avx2", "1", "7.00", "70.0")


def test_without_times_there_is_one_sheet_without_them():
    plan = verb.read("\n".join(line.rpartition("\t")[0] + "\t" if line.startswith("step") else line for line in LINES))
    assert plan.ns is None
    sheet, = verb.sheets(plan)
    assert sheet.columns == ("step", " ops", " kernel", " makes") and len(sheet.rows) == 5


@pytest.fixture
def program(monkeypatch):
    """The one of the flavour probe, which the tests have, in the place of release."""
    house = this_house()
    if not (house.build("probe") / "runtime" / "cached_op" / "tenter-plan").is_file():
        pytest.skip("tenter-plan is not built")
    monkeypatch.setattr(verb, "FLAVOUR", "probe")
    monkeypatch.setattr(verb, "build_shown", lambda *_: None)
    return house


def test_a_real_model_has_a_plan(program, tmp_path):
    from tenter.machine import models
    path = models.made(tmp_path, "two_heads", models.RECIPES["two_heads"])
    console = Console(record=True, width=160, file=open("/dev/null", "w"))  # noqa: SIM115
    plan = verb.run(path, "", 5, 1, 1, False, tmp_path / "plan.json", program, console)
    assert plan.steps and plan.ns and all(step.kernel for step in plan.steps)
    assert "steps" in console.export_text()
    assert json.loads((tmp_path / "plan.json").read_text())["steps"][0]["name"] == plan.steps[0].name
    unfused = verb.run(path, "", 0, 1, 1, True, None, program, console)
    assert len(unfused.steps) >= len(plan.steps) and {step.kernel for step in unfused.steps} == {"reference"}


def test_kernels_that_threads_compute_together(program, tmp_path):
    from tenter.machine import models
    path = models.made(tmp_path, "ocr_cls", models.RECIPES["ocr_cls"])
    console = Console(record=True, width=160, file=open("/dev/null", "w"))  # noqa: SIM115
    plan = verb.run(path, "x=1,3,48,192", 2, 1, 2, False, tmp_path / "two.json", program, console)
    assert plan.ns and any(step.kernel.startswith("2 x ") for step in plan.steps), "large ones are cut"
    assert "the medians of the steps together, on 2 threads" in console.export_text()
    verb.run(path, "x=1,3,48,192", 0, 1, 1, True, tmp_path / "one.json", program, console)
    stored = [json.loads((tmp_path / name).read_text()) for name in ("two.json", "one.json")]
    assert [(one["threads"], one["kernels"], one["rounds"]) for one in stored] == [(2, "onednn", 2), (1, "reference", 0)]


def test_requests_that_run_as_one(program, tmp_path):
    from tenter.machine import models
    console = Console(record=True, width=160, file=open("/dev/null", "w"))  # noqa: SIM115
    fixed = verb.run(models.made(tmp_path, "two_heads", models.RECIPES["two_heads"]), "", 0, 4, 1, False, None, program, console)
    assert fixed.together is not None and fixed.together.mixed.startswith("input 'x': expected float32[16,64]")
    assert "4 requests cannot run as one: input 'x'" in console.export_text()


@pytest.mark.parametrize(("row", "text"), [
    ("4\tapart\tsame\t0\t-", "4 requests may run as one, and have the bits then that each has alone"),
    ("2\tapart\tother\t1e-07\tconv 1", "2 requests may run as one, and their numbers differ by 1e-07 at most then, first behind conv 1"),
    ("2\tapart\tother\t1e-07\t-", "2 requests may run as one, and their numbers differ by 1e-07 at most then"),
    ("8\tmixed\tnode 'a' mixes rows", "8 requests cannot run as one: node 'a' mixes rows")])
def test_what_is_said_of_requests_as_one(row, text):
    plan = verb.read(f"graph\t1\t1\nparameters\t1\t1\nmemory\t1\t0\t1\ntogether\t{row}\n")
    assert plan.together is not None and plan.together.text == text


def test_what_cannot_be_compiled_is_told_in_a_line(program, tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"no model")
    with pytest.raises(UsageError):
        verb.run(tmp_path / "net.onnx", "", 0, 1, 1, False, None, program, Console(quiet=True))


@pytest.mark.parametrize(("words", "said"), [
    (("--rounds", "3"), "the model comes first, and not --rounds"), (("x.onnx", "--rounds"), "--rounds needs a value"),
    (("x.onnx", "--rounds", "-1"), "not understood: --rounds -1"), (("x.onnx", "--input", "f:1"), "an input is TYPE:DIMS, such as float32:1,3,48,192, and not f:1"),
    (("x.onnx", "--input", "float32:1,a"), "'a' in --input float32:1,a is no size"), (("none.onnx",), "cannot read 'none.onnx'")])
def test_wrong_words_of_the_program_end_with_2(program, tmp_path, words, said):
    ended = subprocess.run([program.build("probe") / "runtime" / "cached_op" / "tenter-plan", *words], capture_output=True, text=True,
                           check=False, cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (2, f"tenter-plan: {said} (tenter-plan --help)\n")
