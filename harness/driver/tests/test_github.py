"""Annotations and the summary of a step of GitHub Actions."""

from __future__ import annotations

import re

import pytest

from tenter.record.findings import Finding
from tenter.record.results import Verdict
from tenter.report import github
from test_report import make_case, make_run


def unescaped(text: str) -> str:
    """As the runner of GitHub reads it."""
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    match = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
    assert match, line
    properties = dict(word.split("=", 1) for word in match[2].split(","))
    return match[1], {name: unescaped(value) for name, value in properties.items()}, unescaped(match[3])


def commands(out: str) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub heeds: lines that begin with `::`, spaces aside, and not between stop-commands and its token."""
    heeded, token = [], ""
    for line in map(str.lstrip, out.splitlines()):
        stop = re.fullmatch("::stop-commands::([0-9a-f]{32})", line)
        if token:
            token = "" if line == f"::{token}::" else token
        elif stop:
            token = stop[1]
        elif line.startswith("::"):
            heeded.append(parsed(line))
    assert not token, "commands are heeded again at the end"
    return heeded


def test_it_is_on_in_a_step_of_github_and_on_request_only(tenter, write, monkeypatch, tmp_path):
    name, summary = write("smoke/one", behaviour="finding"), tmp_path / "summary.md"
    assert not commands(tenter("run", name)[1])
    code, out, err = tenter("run", name, "--github")
    assert code == 1 and "GITHUB_STEP_SUMMARY is not set" in err
    [(kind, properties, message)] = commands(out)
    assert kind == "error" and properties["file"] == "scenarios/smoke/one.toml" and properties["line"] == "1"
    assert re.fullmatch("determinism [0-9a-f]{8}", properties["title"])
    assert message.startswith("thread 7 got the answer of thread 3 (seen in 1 of 1 case of smoke/one.probe)\nAgain: ./tenter re")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, out, err = tenter("run", name)
    assert code == 1 and len(commands(out)) == 1 and err == ""
    assert summary.read_text().startswith("# Findings: 1 finding") and "<details>" in summary.read_text()
    before = summary.stat().st_size
    assert tenter("run", name, "--no-github")[0] == 1 and summary.stat().st_size == before
    assert tenter("run", "--resume", "out/latest")[0] == 1 and summary.stat().st_size > before


def test_known_findings_and_lost_power_are_warnings_and_a_defect_is_an_error(tenter, write):
    tenter("run", write("smoke/known", behaviour="finding"))
    write("smoke/grey", behaviour="no_power")
    write("smoke/defect", behaviour="defect")
    out = tenter("run", "smoke", "--github", "--baseline", "out/latest")[1]
    assert [(kind, properties["title"].split()[0]) for kind, properties, _ in commands(out)] == [
        ("error", "ERROR"), ("warning", "known:"), ("warning", "GREY")]


def test_what_was_not_run_is_a_warning(tenter, write):
    write("smoke/a")
    write("smoke/b")
    [(kind, _, message)] = commands(tenter("run", "smoke", "--github", "--budget", "0s")[1])
    assert kind == "warning" and message == "2 cases not run: the budget of 0 s was over: smoke/a.probe, smoke/b.probe"


def test_a_summary_that_cannot_be_written_is_one_line_and_no_verdict(tenter, write, monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "no" / "folder"))
    code, _, err = tenter("run", write("smoke/one"), "--github")
    assert code == 0 and err == f"tenter: the summary of the step cannot be written to {tmp_path}/no/folder: No such file or directory\n"


def test_no_text_of_a_target_is_a_command(tenter, write):
    out = tenter("run", write("smoke/one", behaviour="hostile"), "--github")[1]
    assert re.search(r"^ *::error::forged", out, re.MULTILINE), "the terminal has wrapped it to the beginning of a line"
    [(kind, properties, message)] = commands(out)
    assert properties["file"] == "scenarios/smoke/one.toml" and "forged" in message
    out = tenter("run", write("smoke/refused", behaviour="refuse"), "--github")[1]
    assert commands(out) == []


@pytest.mark.parametrize(("count", "said"), [(10, ""), (11, "2 more are in the report"), (35, "26 more are in the report")])
def test_ten_of_a_kind_and_what_is_left_out_is_counted(house, count, said):
    cases = [make_case(name=f"smoke/x{n}.probe", verdict=Verdict.FAIL, findings=(Finding("c", f"{n:016x}", "t"),))
             for n in range(count)]
    lines = github.annotations(make_run(*cases), house)
    assert len(lines) == 10 and (parsed(lines[-1])[2] == said if said else "more are" not in lines[-1])


def test_what_separates_is_escaped():
    line = github.command("error", {"file": "a,b:c%.toml", "title": "x\ny"}, "50 %\nnext: a, b")
    assert line == "::error file=a%2Cb%3Ac%25.toml,title=x y::50 %25%0Anext: a, b"
    assert parsed(line) == ("error", {"file": "a,b:c%.toml", "title": "x y"}, "50 %\nnext: a, b")


def test_a_long_summary_is_cut_between_findings_and_says_so():
    part = "<details><summary>x</summary>\n\n````text\n```\n<details>\n````\n\n</details>\n\n"
    page = "# Findings: many\n\n" + part * 3
    assert github.summary(page, 10_000) == f"{page.rstrip()}\n\n".encode()
    for room in range(150, len(page)):
        text = github.summary(page, room)
        assert len(text) <= room and text.startswith(b"# Findings") and b"The summary was cut here" in text
        outside = re.sub(rb"````text.*?````", b"", text, flags=re.DOTALL)
        assert outside.count(b"<details>") == outside.count(b"</details>") and text.count(b"````") % 2 == 0
    assert github.summary(page, 20) == b"" and github.summary("é" * 600_000, github.MOST_SUMMARY) == b""


def test_a_summary_of_the_real_size_fits(house, tenter, write, monkeypatch, tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * (github.MOST_SUMMARY - 150_000))  # of an earlier command of the step
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    for name in ("a", "b", "c"):
        write(f"smoke/{name}", behaviour="hostile")
    assert tenter("run", "smoke", "--github")[0] == 1
    assert github.MOST_SUMMARY - 150_000 < summary.stat().st_size <= github.MOST_SUMMARY
    assert "The summary was cut here" in summary.read_text()


def test_what_stands_in_no_file_of_the_repository_is_sent_to_none(house):
    """A model from elsewhere: the page that explains such cases has nothing to mend."""
    found = Finding(check="determinism", signature="ab" * 8, title="wrong")
    cases = (make_case(name="model/net.probe", scenario="model/net", parameters={"model": "/elsewhere/net.onnx"}, findings=(found,),
                       verdict=Verdict.FAIL),
             make_case(name="model/other.probe", scenario="model/other", verdict=Verdict.ERROR))
    for line in github.annotations(make_run(*cases), house):
        assert set(parsed(line)[1]) == {"title"}, line
