"""The doctor: tells what is missing and what that disables, and changes nothing."""

from __future__ import annotations

import pytest

from tenter.machine import sanitizer
from tenter.verbs import doctor


@pytest.fixture
def patient(house):
    (house.root / "cmake").mkdir()
    (house.root / "cmake" / "debian-packages.txt").write_text("# list\nno-such-package-at-all\n")
    return house


def facts(house) -> dict[str, doctor.Fact]:
    return {fact.name: fact for fact in doctor.examine(house)}


def test_what_is_missing_names_the_loss(patient, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda tool: None if tool == "cmake" else f"/usr/bin/{tool}")
    found = facts(patient)
    assert found["cmake"].state == "missing" and found["cmake"].disables == "nothing can be built"
    assert found["built flavours"].found == "probe, tsan, asan" and found["models"].found == "ocr_cls.onnx"


def test_a_missing_package_is_named(patient):
    found = facts(patient)["Debian packages"]
    assert found.state == "absent" or "no-such-package-at-all" in found.found


@pytest.mark.parametrize(("tool", "state", "text"), [("/usr/bin/setarch", "ok", "setarch -R"), (None, "missing", "no setarch")])
def test_too_many_random_bits_for_tsan(patient, monkeypatch, tool, state, text):
    monkeypatch.setattr(sanitizer, "aslr_bits", lambda: 32)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: tool if name == "setarch" else None)
    found = facts(patient)["address layout"]
    assert found.state == state and text in found.found


def test_the_exit_code_tells_whether_something_needed_is_missing(console):
    assert doctor.print_facts([doctor.Fact("a", "ok", "x"), doctor.Fact("b", "absent", "x", "y")], console) == 0
    assert doctor.print_facts([doctor.Fact("a", "missing", "x", "y")], console) == 1
