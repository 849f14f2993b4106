"""Hostile names and texts through every verb and every format: visible, and never obeyed."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tenter.plain import printable
from tenter.record.findings import Finding
from tenter.verbs.replay import Replayed, print_replayed
from test_fuzz import fuzzer  # noqa: F401  a fixture
from test_junit import cases_of
from test_report import Page
from test_sarif import checked

# What a file name may hold on Linux, the slash and the dot aside.
NAME = "[bold]x `y` |z| <script>a \x1b]0;evil\x07 \x9b31m \u202ertl ::error::forged"
SHOWN = "[bold]x `y` |z| <script>a ␛]0;evil␇ <U+009B>31m <U+202E>rtl ::error::forged"
TITLE = '[bold]b[/bold] | `t` <script>alert(1)</script> \\u001b]0;evil\\u0007 \\u202ertl {{ 7 * 7 }} ]]>'


def assert_harmless(text: str, where: str) -> None:
    """No character that a terminal, a browser or a parser obeys."""
    assert text == printable(text), where
    assert "49 ]]" not in text, f"{where}: a template read a text as its own"


def assert_pages(folder: Path) -> None:
    """Every format of a run holds together, whatever the texts in it."""
    for path in folder.glob("report.*"):
        if path.name != "report.json":  # which keeps what was said, with escapes of its own
            assert_harmless(path.read_text(), path.name)
    json.loads((folder / "report.json").read_text())
    page = Page()
    page.feed((folder / "report.html").read_text())
    assert page.open == [] and page.outside == []
    checked((folder / "report.sarif").read_text())
    json.loads((folder / "report.codequality.json").read_text())
    assert_harmless((folder / "junit.xml").read_text(), "junit.xml")
    cases_of(folder)
    assert_markdown((folder / "report.md").read_text())


def assert_markdown(text: str) -> None:
    """Rows have the cells of their head, and nothing outside of a block of code is a tag that was not meant."""
    outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", text)
    cells = 0
    for line in outside.splitlines():
        if line.startswith("|"):
            bars = len(re.findall(r"(?<!\\)\|", line))
            cells = cells or bars
            assert bars == cells, line
        else:
            cells = 0
    without_code = re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
    assert set(re.findall(r"<[^>]*>", without_code)) <= {"<details>", "</details>", "<summary>", "</summary>"}


@pytest.fixture
def hostile(tenter, write, house):
    """A run in which scenario, title, model, detail, note and target are hostile; returns what the terminal showed."""
    library = house.root / f"{NAME}.so"
    library.write_bytes(b"\x7fELF library")
    write("smoke/texts", behaviour="hostile")
    path = house.scenarios / "smoke" / f"{NAME}.toml"
    path.write_text(f'title = "{TITLE}"\npurpose = "{TITLE}"\nflavours = ["probe"]\n[workload]\nkind = "concurrent_inference"\n'
                    'behaviour = "hostile"\n[faults]\nplan = \'engine.op.body@op:"[bold]|`<b>"=nth(1)error(internal)\'\n')
    code, out, err = tenter("run", "smoke", "--target", str(library))
    assert code == 1, err
    return out, err


def test_a_run_with_hostile_names_is_harmless_and_shows_them(hostile, house):
    out, err = hostile
    assert_harmless(out + err, "the terminal")
    shown = " ".join(out.split())
    assert SHOWN in shown and shown.count("[bold]b[/bold]") >= 4, "in the rows, and where the findings are told"
    assert_pages(house.out / "latest")
    assert SHOWN in (house.out / "latest" / "junit.xml").read_text().replace("&lt;", "<").replace("&gt;", ">")


def test_report_compare_list_and_replay_are_harmless(hostile, house, tenter, capfd):
    folder = (house.out / "latest").resolve()
    code, out, err = tenter("report", str(folder))
    assert code == 0
    assert_harmless(out + err, "report")
    assert_pages(folder)
    code, out, err = tenter("compare", str(folder), str(folder))
    assert code == 0 and "[bold]b[/bold]" in out
    assert_harmless(out + err, "compare")
    code, out, err = tenter("list")
    assert code == 0 and SHOWN.split(" <U+202E>")[0].split("|")[0] in " ".join(out.split())
    assert_harmless(out + err, "list")
    sign = json.loads((folder / "report.json").read_text())["cases"][0]["findings"][0]["signature"]
    code, out, err = tenter("replay", sign[:8], "-n", "2")
    assert code == 1 and "reproduced 2 of 2" in out
    assert_harmless(out + err, "replay")
    other = Finding("determinism", "1" * 16, "\x1b]0;evil\x07\nsecond line")
    capfd.readouterr()
    print_replayed(Replayed(other, 0, 1, 1, folder, ((other, 1),)))
    assert "also seen 1 of 1: determinism 11111111: ␛]0;evil␇ second line\n" in capfd.readouterr().out


def test_a_model_with_a_hostile_name(house, tenter):
    (house.root / f"{NAME}.onnx").write_bytes(b"model")
    code, out, err = tenter("run", "--model", f"{NAME}.onnx", "-f", "probe")
    assert code == 0
    assert_harmless(out + err, "the terminal")
    assert_pages(house.out / "latest")


def test_mistakes_that_repeat_a_hostile_word(house, tenter, write):
    write("smoke/one")
    for arguments in (("run", NAME), ("run", "--model", NAME), ("replay", NAME), ("report", NAME), ("run", f"--{NAME}"),
                      ("run", "smoke", "--target", NAME), ("run", "--baseline", NAME), ("fuzz", NAME), (NAME,)):
        code, out, err = tenter(*arguments)
        assert code == 2 and err.count("\n") == 1, arguments
        assert_harmless(out + err, str(arguments))


def test_the_fuzzer_with_hostile_texts(fuzzer, house):  # noqa: F811
    for kind in ("\x1b]0;evil\x07 [bold] | `x` <script>", "crash: \u202e ]]> \x9b"):
        code, out, err = fuzzer(behaviour=kind)
        assert code == 1
        assert_harmless(out + err, "fuzz")
        [folder] = house.out.glob("*-fuzz-engine")
        assert_pages(folder)
        shutil.rmtree(folder)


def test_an_annotation_of_a_hostile_name_is_one_command(hostile, house, tenter):
    from test_github import commands
    found = commands(tenter("run", "smoke", "--github")[1])
    assert len(found) == 1, "one defect, shown by both scenarios"
    assert all("\x1b" not in text for _, properties, message in found for text in (*properties.values(), message))
