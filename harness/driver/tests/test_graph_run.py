"""tenter-graph-run says how it is used, and what is wrong with its words and files."""

from __future__ import annotations

import subprocess

import pytest

from tenter.house import this_house

OPTIONS = ("MODEL.onnx", "--input", "--kernels", "--out", "--repeat", "Exit codes")


@pytest.fixture
def graph_run(tmp_path):
    program = this_house().root / "build" / "probe" / "runtime" / "graph" / "tenter-graph-run"
    if not program.is_file():
        pytest.skip(f"{program} is not built")
    (tmp_path / "short.bin").write_bytes(b"1234567")
    (tmp_path / "net.onnx").write_bytes(b"no model")
    return lambda *words: subprocess.run([program, *words], capture_output=True, text=True, check=False, cwd=tmp_path)


@pytest.mark.parametrize(("words", "code"), [(("--help",), 0), (("-h",), 0), (("net.onnx", "--help"), 0), ((), 2)])
def test_its_usage_names_every_option(graph_run, words, code):
    ended = graph_run(*words)
    shown, other = (ended.stdout, ended.stderr) if code == 0 else (ended.stderr, ended.stdout)
    assert ended.returncode == code and not other and all(option in shown for option in OPTIONS)


@pytest.mark.parametrize(("words", "said"), [
    (("--repeat", "3"), "the model comes first, and not --repeat"), (("net.onnx", "--repeat"), "--repeat needs a value"),
    (("net.onnx", "--repeat", "0"), "not understood: --repeat 0"), (("net.onnx", "--kernels", "mine"), "not understood: --kernels mine"),
    (("none.onnx",), "cannot read 'none.onnx'"), (("net.onnx", "--input", "f32:1,2:none.bin"), "--input: cannot read 'none.bin'"),
    (("net.onnx", "--input", "x.bin"), "an input is TYPE:DIMS:FILE, found x.bin"),
    (("net.onnx", "--input", "f32:1,2:short.bin"), "--input f32:1,2:short.bin: the file has fewer than 8 bytes")])
def test_wrong_use_is_one_line_and_ends_with_2(graph_run, words, said):
    ended = graph_run(*words)
    assert (ended.returncode, ended.stderr) == (2, f"tenter-graph-run: {said} (tenter-graph-run --help)\n")


def test_a_model_that_cannot_be_read_as_one_ends_with_1(graph_run):
    assert graph_run("net.onnx").returncode == 1
