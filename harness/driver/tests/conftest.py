"""A small repository in a temporary folder, with a stand-in for the runner in three flavours."""

from __future__ import annotations

import io
import shutil
import signal
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tenter import cli, cli_canary, cli_checkout, cli_fuzz, cli_history, standpoint
from tenter.house import House, this_house
from tenter.verbs import replay, run

FAKE = Path(__file__).with_name("fake_runner.py")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in what a shell starts in the background; children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "repository")
    for folder in (house.scenarios / "smoke", house.scenarios / "canary", house.models, house.root / "sanitizers"):
        folder.mkdir(parents=True)
    shutil.copytree(this_house().reports, house.reports)
    for flavour in ("probe", "tsan", "asan"):
        runner = house.runner(flavour)
        runner.parent.mkdir(parents=True)
        runner.write_text(f"#!{sys.executable} -IS\n" + FAKE.read_text())
        runner.chmod(0o755)
        for library in (house.target(flavour, "reference"), house.mutant(flavour, "shared_arena")):
            library.parent.mkdir(parents=True)
            library.write_bytes(b"\x7fELF library")
    (house.models / "ocr_cls.onnx").write_bytes(b"model")
    (house.root / "sanitizers" / "tsan.supp").write_text("")
    return house


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def tenter(house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Runs the command line on the small repository: returns the exit code, stdout and stderr."""
    for module in (run, replay):
        monkeypatch.setattr(module, "build_shown", lambda *_: False)
    for module in (cli, cli_canary, cli_checkout, cli_fuzz, cli_history, standpoint):
        monkeypatch.setattr(module, "this_house", lambda: house)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):  # the tests may run in such a step themselves
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(house.root)

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = cli.main(list(arguments))
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def write(house: House):
    """Writes a scenario file and returns its name."""
    def scenario(name: str, body: str = "", behaviour: str = "clean", kind: str = "concurrent_inference",
                 head: str = "") -> str:
        if "found_by" in body and "mutant" not in head and "saboteur" not in head:
            head += "\nmutant = 'shared_arena'"  # what has to be found must be planted
        path = house.scenarios / f"{name}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'title = "{name.split("/")[-1]}"\nflavours = ["probe"]\n{head}\n'
                        f'[workload]\nkind = "{kind}"\nbehaviour = "{behaviour}"\n{body}\n')
        return name
    return scenario
