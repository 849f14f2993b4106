"""The launcher script, with stand-ins for the package tools: what is missing is installed once, and only by root."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tenter.house import this_house

APT = """#!/bin/sh
echo "$0 $*" >>"$LOG"
case "$*" in *install*) echo "libfmt-dev installed" >>"$INSTALLED";; esac
"""
DPKG = """#!/bin/sh
cat "$INSTALLED"
exit 1
"""
PYTHON = """#!/bin/sh
echo "python $*" >>"$LOG"
pwd >"$LOG.where"
case "$*" in
  *"-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo "version = 3.11.2" >.venv/pyvenv.cfg;;
esac
# As pip does, it reads its lists to their end; who writes them would else go on beside what comes next.
for word in "$@"; do
  case "$word" in /dev/fd/*) cat "$word" >/dev/null;; esac
done
"""


def spent() -> float:
    """Seconds of processor time that child processes took so far."""
    times = os.times()
    return times.children_user + times.children_system


@pytest.fixture
def launcher(tmp_path):
    """A copy of the launcher whose tools write down how they were called."""
    root, tools = tmp_path / "root", tmp_path / "tools"
    for folder in (root / "cmake", tools):
        folder.mkdir(parents=True)
    shutil.copy(this_house().root / "tenter", root)
    shutil.copy(this_house().root / "pyproject.toml", root)
    (root / "cmake" / "debian-packages.txt").write_text("# list\ncmake\nlibfmt-dev\n")
    for name, text in (("apt-get", APT), ("dpkg-query", DPKG), ("python3.11", PYTHON)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    (tmp_path / "installed").write_text("cmake installed\n")

    def run(*arguments: str, **extra: str) -> tuple[int, str, str]:
        log = tmp_path / "log"
        log.write_text("")
        done = subprocess.run([str(root / "tenter"), *arguments], capture_output=True, text=True, check=False, cwd="/",
                              env={"PATH": f"{tools}:/usr/bin:/bin", "LOG": str(log),
                                   "INSTALLED": str(tmp_path / "installed"), **extra})
        return done.returncode, done.stderr, log.read_text()

    run.root = root
    return run


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
def test_the_first_run_installs_and_the_second_does_nothing(launcher):
    code, err, log = launcher("run")
    assert code == 0
    assert "install -y --no-remove --no-install-recommends -o DPkg::Lock::Timeout=600 libfmt-dev" in log
    assert "-m venv" in log and "pip install" in log and log.strip().endswith("python -m tenter run")
    assert "installing Debian packages: libfmt-dev: done in" in err
    # Processor time, since the clock on the wall measures what else the machine does.
    started = spent()
    code, err, log = launcher("run")
    assert (code, err, log) == (0, "", "python -m tenter run\n")
    assert spent() - started < 0.5


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")
def test_the_driver_starts_where_the_caller_stands(launcher, tmp_path):
    """A model file on the command line is meant from there, and not from the root of the repository."""
    launcher("run")
    assert (tmp_path / "log.where").read_text() == "/\n"


def test_changed_pins_install_again_and_test_adds_its_group(launcher):
    (launcher.root.parent / "installed").write_text("cmake installed\nlibfmt-dev installed\n")
    launcher("run")
    with (launcher.root / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert "group 'base'" in launcher("run")[1]
    err = launcher("test")[1]
    assert "group 'test'" in err and "group 'base'" not in err


def test_peers_of_the_benchmark_come_only_when_asked_for(launcher):
    (launcher.root.parent / "installed").write_text("cmake installed\nlibfmt-dev installed\n")
    assert "peers" not in launcher("bench", "engine")[1]
    code, err, log = launcher("bench", "engine", "--peers")
    assert code == 0 and "fetching the peers of the benchmark" in err and "-q --no-deps" in log
    assert "peers" not in launcher("bench", "engine", "--peers")[1]
    assert "fetching the peers of the benchmark" in launcher("bench", "model", "net.onnx", "--peers")[1], "which are others"
    assert "peers" not in launcher("bench", "model", "--peers")[1] + launcher("bench", "sharing", "--peers")[1]
    assert (launcher.root / ".venv" / "stamp-bench").exists() and (launcher.root / ".venv" / "stamp-bench-model").exists()


def test_a_verb_that_builds_nothing_needs_no_package(launcher):
    for arguments in (("doctor",), ("run", "--help"), ("test", "-h")):
        code, err, log = launcher(*arguments)
        assert code == 0 and "apt-get" not in log and "group 'test'" not in err


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv to give root up")
def test_without_root_it_prints_the_one_line_and_stops(launcher, tmp_path):
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder != folder.parent and os.stat(folder).st_mode & 0o005 != 0o005:
            folder.chmod(0o755)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(launcher.root / "tenter"),
                           "run"], capture_output=True, text=True, check=False,
                          env={"PATH": f"{tmp_path}/tools:/usr/bin:/bin", "LOG": str(tmp_path / "log"),
                               "INSTALLED": str(tmp_path / "installed")})
    assert done.returncode == 2
    assert done.stderr == ("tenter: packages are missing; run: sudo apt-get install -y --no-remove "
                           "--no-install-recommends libfmt-dev\n")


def test_without_python_311_it_says_so(launcher, tmp_path):
    (tmp_path / "tools" / "python3.11").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "tools" / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "tools" / "python3").chmod(0o755)
    code, err, _ = launcher("doctor")
    assert code == 2 and "Python 3.11 is needed and was not found" in err


def test_a_failing_step_shows_its_output(launcher, tmp_path):
    (tmp_path / "tools" / "python3.11").write_text(PYTHON + 'case "$*" in *pip*) echo "no such version"; exit 1;; esac\n')
    code, err, _ = launcher("doctor")
    assert code == 70 and "no such version" in err and "installing the Python packages of group 'base' failed" in err


def as_nobody(launcher, tmp_path, *arguments: str) -> tuple[int, str]:
    """Runs it as a user to whom the checkout does not belong."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and folder != folder.parent and os.stat(folder).st_mode & 0o005 != 0o005:
            folder.chmod(0o755)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(launcher.root / "tenter"), *arguments],
                          capture_output=True, text=True, check=False, cwd="/",
                          env={"PATH": f"{tmp_path}/tools:/usr/bin:/bin", "LOG": "/dev/null", "TENTER_SKIP_PACKAGES": "1"})
    return done.returncode, done.stderr


def files(root) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in root.rglob("*")}


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv to give root up")
@pytest.mark.parametrize(("harm", "says"), [
    (lambda venv: None, ""),
    (lambda venv: (venv / "pyvenv.cfg").write_text("version = 3.12.1"), "is missing or not of Python 3.11"),
    (lambda venv: (venv / "bin" / "python").chmod(0o600), "is missing or not of Python 3.11"),
    (lambda venv: (venv / "stamp-base").unlink(), "lacks the packages of group 'base'"),
    (shutil.rmtree, "is missing or not of Python 3.11")])
def test_nobody_changes_the_environment_of_somebody_else(launcher, tmp_path, harm, says):
    launcher("doctor")
    harm(launcher.root / ".venv")
    before = files(launcher.root)
    code, err = as_nobody(launcher, tmp_path, "doctor")
    assert files(launcher.root) == before
    if says:
        assert code == 2 and err == (f"tenter: the Python environment .venv {says}, and user 'nobody' may not change it: run ./tenter doctor as "
                                     "root, or use a checkout of your own\n")
    else:
        assert code == 0 and "tenter:" not in err


def test_an_environment_that_cannot_be_made_again_stays(launcher, tmp_path):
    launcher("doctor")
    (launcher.root / ".venv" / "pyvenv.cfg").write_text("version = 3.12.1\n")
    (tmp_path / "tools" / "python3.11").write_text('#!/bin/sh\ncase "$*" in *venv*) echo "no space left"; exit 1;; esac\n')
    before = files(launcher.root / ".venv")
    code, err, _ = launcher("doctor")
    assert code == 70 and "no space left" in err and files(launcher.root / ".venv") == before
