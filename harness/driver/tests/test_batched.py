"""Requests that were to run as one, and never did: said in the row of the case, with the command that says why."""

from __future__ import annotations

from dataclasses import replace

from test_report import make_case, make_run

from tenter.record.results import CheckResult, Verdict
from tenter.report import wording
from tenter.report.steps import what_now

APART = CheckResult("determinism", "no_power", note="no two requests ran as one")


def asked_for(batch: int, batched: int | None, **more):
    case = make_case(verdict=Verdict.PASS, findings=(), **more)
    counted = {} if batched is None else {"batched_requests": batched}
    return replace(case, parameters={**case.parameters, "model": "/a/my net.onnx", "batch": batch}, exposure={**case.exposure, **counted})


def test_a_case_in_which_nothing_was_batched_says_so():
    told = "nothing was batched: no request was seen to run as one with another, which batch = 8 allows"
    assert told in wording.sentence(asked_for(8, 0))
    for case in (asked_for(8, 2), asked_for(1, 0), asked_for(8, None)):
        assert "batched" not in wording.sentence(case)
    assert wording.sentence(replace(asked_for(8, 0), verdict=Verdict.GREY)).endswith(f"; {told}")


def test_the_command_that_says_why_is_offered_once_for_a_model():
    case = asked_for(8, 0, checks=(APART,))
    shaped = replace(case, parameters={**case.parameters, "batch": 500, "input_shape": "x=1,3;y=2", "reference_kernels": True})
    steps = what_now(make_run(case, replace(case, name="again"), shaped), measured=True)
    lines = [step.rpartition(": ")[2] for step in steps if step.startswith("See whether requests can run as one")]
    assert lines == ["./tenter plan '/a/my net.onnx' --input-shape x=1,3 --input-shape y=2 --together 128 --reference",
                     "./tenter plan '/a/my net.onnx' --together 8"]
    assert not any("Give power" in step for step in steps), "more to do would not help"


def test_a_grey_case_is_not_told_to_do_more_of_the_same():
    grey = replace(asked_for(8, 0, checks=(APART,)), verdict=Verdict.GREY, reason="its main check determinism had no power: no two requests ran as one")
    step, = [step for step in what_now(make_run(grey), measured=True) if step.startswith("Give power")]
    assert step.endswith("; whether the model lets them: ./tenter plan '/a/my net.onnx' --together 8")


def test_a_run_says_it_in_its_row(tenter, write):
    write("smoke/apart", "batch = 4\nmodel = 'ocr_cls'", behaviour="apart")
    write("smoke/together", "batch = 4\nmodel = 'ocr_cls'")
    code, out, _ = tenter("run", "smoke", "--no-canary")
    assert code == 0 and out.replace("\n", " ").count("nothing was batched") == 1 and " --together 4\n" in out
