"""A library that was not built with ThreadSanitizer is not run under it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tenter.machine.instrumented import knows_tsan


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    library = tmp_path / "libmine.so"
    library.write_bytes(b"\x7fELF library")
    return library


def test_a_library_is_known_by_what_it_calls(plain, tmp_path):
    whole = tmp_path / "libwhole.so"
    whole.write_bytes(b"\x7fELF" + bytes(5000) + b"__tsan_func_entry\0")
    (tmp_path / "empty.so").write_bytes(b"")
    assert knows_tsan(whole) and not knows_tsan(plain) and not knows_tsan(tmp_path / "empty.so") and not knows_tsan(tmp_path / "none.so")


def test_tsan_is_left_out_of_a_run_of_both(tenter, write, house, plain):
    write("smoke/both")
    path = house.scenarios / "smoke" / "both.toml"
    path.write_text(path.read_text().replace('["probe"]', '["probe", "tsan"]'))
    code, out, err = tenter("run", "smoke/both", "--target", str(plain))
    assert code == 0 and f"tsan is left out: {plain} was not built with -fsanitize=thread" in out + err
    assert [case["flavour"] for case in json.loads((house.out / "latest" / "report.json").read_text())["cases"]] == ["probe"]
    code, _, err = tenter("run", "smoke/both", "--target", str(plain), "-f", "tsan")
    assert code == 2 and "ThreadSanitizer would not see what its locks order" in err and "run it with -f probe" in err
    plain.write_bytes(b"\x7fELF library __tsan_func_entry")
    code, _, err = tenter("run", "smoke/both", "--target", str(plain), "-f", "tsan")
    assert code == 0, err


def test_a_library_without_a_folder_in_its_name_is_one_too(tenter, write, house, plain, monkeypatch):
    write("smoke/both")
    monkeypatch.chdir(plain.parent)
    code, _, err = tenter("run", "smoke/both", "--target", plain.name, "-f", "probe")
    assert code == 0, err
    path = house.scenarios / "smoke" / "both.toml"
    path.write_text(path.read_text().replace('["probe"]', '["probe", "tsan"]'))
    code, _, err = tenter("run", "smoke/both", "--target", plain.name, "-f", "tsan")
    assert code == 2 and "was not built with -fsanitize=thread" in err
