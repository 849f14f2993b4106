"""What is printed is pasted into the shell of the caller, whatever folder that stands in: commands run, and paths are there."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenter import house as houses
from tenter.standpoint import Standpoint
from test_fuzz import fuzzer  # noqa: F401  (a fixture)

# As the launcher of the checkout does, but with stand-ins, and nothing to build.
LAUNCHER = """#!{python}
import sys
from pathlib import Path
sys.path.insert(0, {driver!r})
from tenter import cli, cli_checkout, cli_fuzz, cli_history, standpoint
from tenter.console import Patient
from tenter.house import House
from tenter.verbs import fuzz, replay, run
sys.stdout, sys.stderr = Patient(sys.stdout), Patient(sys.stderr)
run.build_shown = replay.build_shown = fuzz.build_shown = lambda *_: False
for module in (cli, cli_checkout, cli_fuzz, cli_history, standpoint):
    module.this_house = lambda: House(Path({root!r}))
code = cli.main(sys.argv[1:])
sys.stdout.flush()
sys.exit(code)
"""
# The folder of the caller, from the root, and how the launcher is called there. The root itself is that of every other test.
PLACES = {"beside": ("../other place", None), "above": ("..", "repository/tenter")}


@pytest.fixture(params=PLACES)
def shell(house, fuzzer, request, monkeypatch):  # noqa: F811
    """Runs a line in a folder of the caller; returns the exit code and what was printed."""
    launcher = house.root / "tenter"
    launcher.write_text(LAUNCHER.format(python=sys.executable, driver=str(Path(houses.__file__).parents[1]), root=str(house.root)))
    launcher.chmod(0o755)
    place, called = PLACES[request.param]
    folder = Path(os.path.normpath(house.root / place))
    folder.mkdir(exist_ok=True)
    (folder / "net 1.onnx").write_bytes(b"model")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")} | {"BEHAVIOUR": "clean"}

    def run(line: str, behaviour: str = "clean") -> tuple[int, str]:
        done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, env=environment | {"BEHAVIOUR": behaviour},
                              timeout=60, check=False)
        assert "Traceback" not in done.stderr and "defect" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr
    run.folder, run.tenter = folder, called or shlex.quote(str(launcher))
    return run


def commands(out: str, shell) -> list[str]:
    """Every line from the launcher on, as it is pasted."""
    assert shell.tenter == "./tenter" or not re.search(r"(?<!\w)\./tenter", out), out
    assert "from:" not in out
    return [line[line.index(shell.tenter):] for line in out.splitlines() if f"{shell.tenter} " in line]


def paths_are_there(out: str, shell) -> list[str]:
    found = [re.sub(r"   \(.*", "", line.partition("report: ")[2]) for line in out.splitlines() if "report: " in line]
    for path in found:
        name, = shlex.split(path)
        assert (shell.folder / name).is_file(), path
        assert Path(name).is_absolute() != (shell.folder / name).is_relative_to(shell.folder)
    return found


@pytest.mark.parametrize("out_folder", ["", " --out 'my runs'"])
def test_each_line_of_a_run_works_where_it_was_printed(shell, write, house, out_folder):
    write("smoke/bad", behaviour="finding")
    code, out = shell(f"{shell.tenter} run smoke/bad{out_folder}")
    assert code == 1 and len(paths_are_there(out, shell)) == 1
    lines = commands(out, shell)
    assert len(lines) == 2 and all(" replay " in line for line in lines)
    for line in lines:
        assert shell(line)[0] == 1
    code, out = shell(f"{shell.tenter} run --model 'net 1.onnx' -f probe{out_folder}")
    assert code == 0 and paths_are_there(out, shell)
    again, = [line for line in commands(out, shell) if "--repeat" in line]
    assert shell(again.replace("--repeat 20", "--repeat 2"))[0] == 0
    runs = shell.folder / "my runs" if out_folder else house.out
    case = json.loads((runs / "latest" / "report.json").read_text())["cases"][0]
    assert subprocess.run(["bash", "-c", case["again"]], cwd=house.root, check=False, capture_output=True).returncode == 0, "files: at the root"


def test_each_line_about_runs_works_where_it_was_printed(shell, write, house):
    write("smoke/bad", behaviour="finding")
    assert shell(f"{shell.tenter} run smoke/bad --budget 0s")[0] == 3
    code, out = shell(f"{shell.tenter} run smoke/bad --budget 0s")
    rest, = [line for line in commands(out, shell) if "--resume" in line]
    assert code == 3 and shell(rest)[0] == 1
    latest = Path(os.path.relpath(house.out / "latest", shell.folder))
    code, out = shell(f"{shell.tenter} report {latest}")
    assert code == 0 and (shell.folder / out.strip()).is_file()
    finding, = [word for word in shell(f"{shell.tenter} history")[1].split() if re.fullmatch("[0-9a-f]{8}", word)]
    again, = commands(shell(f"{shell.tenter} history {finding}")[1], shell)
    assert shell(again)[0] == 1
    rebuilt = shell(f"{shell.tenter} history rebuild")[1]
    assert (shell.folder / rebuilt.partition(": ")[0]).is_file()


def test_each_line_of_a_search_works_where_it_was_printed(shell, house):
    code, out = shell(f"{shell.tenter} fuzz engine -s 1", "out of order")
    assert code == 1 and paths_are_there(out, shell)
    replay, = {line for line in commands(out, shell) if ".fuzz" in line}
    original, = {line for line in commands(out, shell) if "--replay 1:" in line}
    assert shell(original, "out of order")[0] == 1
    assert shell(replay, "out of order")[0] == 1
    name = shlex.split(replay)[-1]
    code, out = shell(f"{shell.tenter} fuzz engine --replay {shlex.quote(name)}", "out of order")
    told = json.loads(max(house.out.glob("*fuzz*/report.json"), key=lambda path: path.stat().st_mtime_ns).read_text())
    for line in (told["command"], told["cases"][0]["again"]):
        done = subprocess.run(["bash", "-c", line], cwd=house.root, check=False, capture_output=True, env=os.environ | {"BEHAVIOUR": "clean"})
        assert done.returncode == 0, "in files lines are meant from the root"


def test_a_mistake_names_files_as_they_are_reached(shell, write, house):
    (house.scenarios / "smoke" / "half.toml").write_text("title = ")
    code, out = shell(f"{shell.tenter} run smoke/half")
    name = out.removeprefix("tenter: ").partition(": ")[0]
    assert code == 2 and (shell.folder / name).is_file()
    lines = commands(shell(f"{shell.tenter} runn")[1].replace(")", ""), shell)
    assert len(lines) == 1 and shell(lines[0])[0] == 0


@pytest.fixture
def here(tmp_path):
    (tmp_path / "root" / "fuzz" / "deep").mkdir(parents=True)
    for name in ("net.onnx", "README.md", "fuzz/x.toml"):
        (tmp_path / "root" / name).touch()
    (tmp_path / "else o'where").mkdir()
    return Standpoint(tmp_path / "root", tmp_path / "else o'where")


@pytest.mark.parametrize(("text", "told"), [
    ("see: ./tenter fuzz engine --seed 3 (as before)", "see: {root}/tenter fuzz engine --seed 3 (as before)"),
    ("./tenter report fuzz/deep, or ./tenter run --resume fuzz/deep", "{root}/tenter report {root}/fuzz/deep, or {root}/tenter run --resume {root}/fuzz/deep"),
    ("./tenter run --model FILE.onnx --threads 16", "{root}/tenter run --model FILE.onnx --threads 16"),
    ("./tenter run --model net.onnx --out new", "{root}/tenter run --model {root}/net.onnx --out {root}/new"),
    ("./tenter replay fuzz/deep#abcd.", "{root}/tenter replay {root}/fuzz/deep#abcd."),
    ("no fuzz/ of net.onnx, and x./tenter too", "no fuzz/ of net.onnx, and x./tenter too"),
    ("./tenter run " + "a" * 5000 + " " + "b/" * 3000, "{root}/tenter run " + "a" * 5000 + " " + "b/" * 3000)])
def test_commands_are_for_the_caller(here, text, told):
    assert here.told(text) == told.format(root=here.root)


@pytest.mark.parametrize(("message", "told"), [
    ("fuzz/x.toml:3: no", "{root}/fuzz/x.toml:3: no"), ("it is in fuzz/x.toml.", "it is in {root}/fuzz/x.toml."),
    ("README.md: a word of somebody else, and 'fuzz'", "README.md: a word of somebody else, and 'fuzz'"),
    ("--model: no such file 'fuzz/x.toml'", "--model: no such file 'fuzz/x.toml'"),
    ("'fuzz/x.toml' is fuzz/x.toml: ./tenter report 'fuzz/deep'", "'fuzz/x.toml' is {root}/fuzz/x.toml: {root}/tenter report {root}/fuzz/deep"),
    ("No module named 'tenter'", "No module named 'tenter'"), ("replaying crash: _ZN" + "x" * 400, "replaying crash: _ZN" + "x" * 400)])
def test_a_message_names_files_for_the_caller(here, message, told):
    assert here.told_with_paths(message) == told.format(root=here.root)


@pytest.mark.parametrize(("typed", "written"), [
    (["run", "smoke", "-f", "probe", "--threads", "8"], ["run", "smoke", "-f", "probe", "--threads", "8"]),
    (["run", "--out=new", "--model", "x y", "smoke/a"], ["run", "--out={caller}/new", "--model", "{caller}/x y", "smoke/a"]),
    (["run", "--model=../a=b.onnx"], ["run", "--model={above}/a=b.onnx"]),
    (["replay", "../mine/RUN/smoke/x#abcd"], ["replay", "{above}/mine/RUN/smoke/x#abcd"]),
    (["run", "--target", "reference", "-f", "probe", "-q", "scen"], ["run", "--target", "reference", "-f", "probe", "-q", "{caller}/scen"]),
    (["run", "scen/*.toml", "scen/[ab]*", "one", "none/*"], ["run", "{caller}/scen/*.toml", "{caller}/scen/[ab]*", "{caller}/one", "none/*"]),
    (["history", "one"], ["history", "one"]),
    (["run", "--shard", "a" * 300], ["run", "--shard", "a" * 300]), (["run", "own.toml"], ["run", "{caller}/own.toml"])])
def test_a_command_is_written_as_from_the_root(here, typed, written):
    """Whatever files the caller's folder has: a script called run, a binary called probe."""
    for name in ("run", "smoke", "probe", "8", "x y", "own.toml", "../a=b.onnx"):
        (here.caller / name).touch()
    for name in ("reference", "scen"):
        (here.caller / name).mkdir()
    for name in ("scen/a.toml", "one.toml"):
        (here.caller / name).touch()
    expected = [word.format(caller=here.caller, above=here.root.parent) for word in written]
    assert shlex.split(here.from_root(typed)) == ["./tenter", *expected]


def test_a_name_with_an_apostrophe_can_be_pasted(tmp_path):
    root = tmp_path / "o'b"
    (root / "out" / "RUN").mkdir(parents=True)
    told = Standpoint(root, tmp_path / "x").told("./tenter report out/RUN")
    assert shlex.split(told) == [f"{root}/tenter", "report", f"{root}/out/RUN"]
    assert Standpoint(tmp_path, tmp_path).told("./tenter run --model net.onnx") == "./tenter run --model net.onnx"


def test_a_path_with_an_apostrophe_is_told_too(tmp_path):
    """As shlex.quote writes it, in three parts."""
    root = tmp_path / "root"
    (root / "o'b").mkdir(parents=True)
    (root / "o'b" / "net.onnx").touch()
    told = Standpoint(root, tmp_path).told("./tenter run --model " + shlex.quote("o'b/net.onnx") + " --seed 1, or ./tenter report " + shlex.quote("o'b"))
    assert shlex.split(told)[:4] == ["root/tenter", "run", "--model", "root/o'b/net.onnx"] or shlex.split(told)[:4] == ["./root/tenter", "run", "--model", "root/o'b/net.onnx"]


def test_what_a_target_says_stays(shell, write):
    """A title may name a file of the checkout, or a command."""
    write("smoke/told", behaviour="names_files")
    _, out = shell(f"{shell.tenter} run smoke/told")
    assert "scenarios/smoke/told.toml is wrong: ./tenter run --model net.onnx" in " ".join(out.split())
    code, out = shell(f"{shell.tenter} replay smoke/told.probe")
    assert code == 1 and ": scenarios/smoke/told.toml is wrong: ./tenter run --model net.onnx" in out


def test_what_the_caller_typed_stays(shell, house):
    """The same name is there below the root, and not below the caller."""
    code, out = shell(f"{shell.tenter} run --model models/ocr_cls.onnx")
    there = (shell.folder / "models" / "ocr_cls.onnx").exists()
    assert there or (code == 2 and out == "tenter: --model: no such file 'models/ocr_cls.onnx'\n")


@pytest.mark.parametrize("text", [":1" * 20_000 + "x", "./tenter " + "a:1" * 20_000, "'" * 20_000, "./tenter run " + "'\"" * 20_000, "#" * 50_000])
def test_a_long_line_takes_no_time(here, text):
    begun = time.process_time()
    here.told_with_paths(text)
    here.told(text)
    assert time.process_time() - begun < 2
