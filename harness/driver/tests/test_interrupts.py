"""An interrupt is heeded whenever it comes: also while the thread that gets it holds a lock, or runs code that nobody can raise
out of."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tenter import house as houses

CASES = 4
_MOMENTS = {
    "while it holds the locks of the futures": """
        from concurrent.futures import _base
        enter = _base._AcquireFutures.__enter__
        def entered(self):
            enter(self)
            interrupt()
        _base._AcquireFutures.__enter__ = entered
        """,
    "while a case is handed to the pool": """
        from concurrent.futures import ThreadPoolExecutor
        submit = ThreadPoolExecutor.submit
        def submitted(self, *arguments):
            future = submit(self, *arguments)
            interrupt()
            return future
        ThreadPoolExecutor.submit = submitted
        """,
    "in a destructor": """
        from concurrent.futures import _base
        class Dying:
            def __del__(self):
                interrupt()
        enter = _base._AcquireFutures.__enter__
        def entered(self):
            Dying()
            enter(self)
        _base._AcquireFutures.__enter__ = entered
        """}


@pytest.fixture
def run_smoke(house):
    """Runs the suite in a process of its own, in which `moment` says when interrupt() is called, once."""
    return lambda moment, number=signal.SIGINT: _run_smoke(house, moment, number)


def _run_smoke(house, moment: str, number: int) -> subprocess.CompletedProcess[str]:
    program = textwrap.dedent(f"""
        import os, signal, sys
        from pathlib import Path
        from tenter import cli, standpoint
        from tenter.house import House
        from tenter.verbs import run
        cli.this_house = standpoint.this_house = lambda: House(Path({str(house.root)!r}))
        run.build_shown = lambda *_: False
        left = [1]
        def interrupt():
            if left:
                left.pop()
                os.kill(os.getpid(), {int(number)})
        """) + textwrap.dedent(moment) + "\nsys.exit(cli.main(sys.argv[1:]))\n"
    return subprocess.run([sys.executable, "-c", program, "run", "smoke"], cwd=house.root, capture_output=True, text=True,
                          timeout=60, env=os.environ | {"PYTHONPATH": str(Path(houses.__file__).parents[1])},
                          preexec_fn=lambda: [signal.signal(each, signal.SIG_DFL) for each in (signal.SIGINT, number)])


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
@pytest.mark.parametrize("moment", _MOMENTS)
def test_an_interrupt_is_heeded(house, write, run_smoke, moment, number):
    for i in range(CASES):
        write(f"smoke/c{i}", behaviour="brief")
    ended = run_smoke(_MOMENTS[moment], number)
    assert ended.returncode == 3 and "Traceback" not in ended.stderr and "ignored" not in ended.stderr
    told = json.loads((house.out / "latest" / "report.json").read_text())
    assert "not run: interrupted" in ended.stdout
    assert told["interrupted"] and told["cut"] == "interrupted" and len(told["cases"]) + len(told["not_run"]) == CASES and told["not_run"]


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_an_interrupted_build_is_told(house, write, run_smoke, number):
    write("smoke/one")
    ended = run_smoke("run.build_shown = lambda *_: interrupt()", number)
    assert ended.returncode == 3 and ended.stderr == "tenter: interrupted\n" and not house.out.exists()


def test_one_after_the_last_case_spoils_nothing(house, write, run_smoke):
    write("smoke/one")
    ended = run_smoke("""
        from tenter.report.terminal import TerminalView
        finished = TerminalView.finished
        def last(self, *arguments):
            finished(self, *arguments)
            interrupt()
        TerminalView.finished = last
        """)
    assert ended.returncode == 0 and not json.loads((house.out / "latest" / "report.json").read_text())["interrupted"]


def test_a_second_one_ends_the_process(house, write, run_smoke):
    """What is slow after the first, as a postmortem is, need not be waited for."""
    write("smoke/one")
    ended = run_smoke("""
        import time
        from tenter.cases import runner
        def slow(*_):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1.2)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        runner.judge = slow
        """)
    assert ended.returncode == -signal.SIGINT


@pytest.mark.parametrize("second", (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
def test_what_comes_at_once_with_the_first_spoils_no_report(house, write, run_smoke, second):
    """From the terminal and from a wrapper, or from a CI service while the reports are written."""
    for i in range(CASES):
        write(f"smoke/c{i}", behaviour="brief")
    ended = run_smoke(f"""
        submitted = run.run_cases
        def cases(*arguments):
            from concurrent.futures import ThreadPoolExecutor
            submit = ThreadPoolExecutor.submit
            ThreadPoolExecutor.submit = lambda *a: (submit(*a), interrupt())[0]
            outcome = submitted(*arguments)
            os.kill(os.getpid(), {int(second)})
            return outcome
        run.run_cases = cases
        """)
    assert ended.returncode == 3 and json.loads((house.out / "latest" / "report.json").read_text())["interrupted"]


def test_a_stop_that_no_signal_set_leaves_the_signals_alone():
    """As a full disk does: the first Ctrl-C is no second one, and SIGTERM is heard afterwards."""
    program = textwrap.dedent("""
        import os, signal, sys
        from tenter.machine import interrupts
        signal.signal(signal.SIGTERM, lambda *_: print("heard"))
        with interrupts.heeded() as stop:
            stop.set()
            os.kill(os.getpid(), signal.SIGINT)
        with interrupts.heeded() as stop:
            stop.set()
        os.kill(os.getpid(), signal.SIGTERM)
        """)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False,
                           env=os.environ | {"PYTHONPATH": str(Path(houses.__file__).parents[1])},
                           preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert ended.returncode == 0 and ended.stderr == ""


def test_a_second_one_gives_the_cursor_back():
    """Bars of progress hide it on a terminal."""
    program = textwrap.dedent("""
        import os, signal, time
        from tenter.machine import interrupts
        with interrupts.heeded():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1.2)
            os.kill(os.getpid(), signal.SIGINT)
        """)
    ours, theirs = pty.openpty()
    child = subprocess.Popen([sys.executable, "-c", program], stdout=theirs, env=os.environ | {"PYTHONPATH": str(Path(houses.__file__).parents[1])},
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert child.wait(timeout=60) == -signal.SIGINT and os.read(ours, 100) == b"\x1b[?25h"
    os.close(ours), os.close(theirs)


def test_a_second_one_while_reports_are_written_ends_the_process_too(write, run_smoke):
    write("smoke/one")
    ended = run_smoke("""
        import time
        from tenter.cases import runner
        whole = runner.judge
        def judged(*arguments):
            os.kill(os.getpid(), signal.SIGINT)
            return whole(*arguments)
        runner.judge = judged
        def written(*_):
            time.sleep(1.2)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        run.write_reports = written
        """)
    assert ended.returncode == -signal.SIGINT
