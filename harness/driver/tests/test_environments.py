"""The driver where no terminal is, where colours are unwanted, and where lines are short."""

from __future__ import annotations

import pytest

from test_resume import driver  # noqa: F401  (a fixture)


@pytest.mark.parametrize("environment", [
    {}, {"NO_COLOR": "1"}, {"COLUMNS": "40"}, {"TERM": "dumb"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_what_is_printed_is_plain_and_can_be_pasted(driver, write, monkeypatch, environment):  # noqa: F811
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    write("smoke/bad", behaviour="finding")
    child = driver("run", "smoke/bad", "smoke/c0")
    out, err = child.communicate(timeout=60)
    assert child.returncode == 1 and err == "" and "\x1b" not in out
    [line] = [line for line in out.splitlines() if line.startswith("    ./tenter replay ")]
    assert line.endswith("/smoke/bad.probe#c9318f5c"), "a command is one line, however short lines are"
    assert "Findings: 1 finding" in out
