"""What a fuzzer says of the programs that it ran, in a search and when one runs again."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tenter.cases.fuzzer import command
from tenter.house import this_house
from tenter.plan.hunt import Hunt
from test_fuzz import fuzzer  # noqa: F401  (a fixture)


@pytest.mark.parametrize(("behaviour", "code"), [("clean", 0), ("out of order", 1)])
def test_a_replay_says_what_its_program_did(fuzzer, behaviour, code):  # noqa: F811
    ended, out, _ = fuzzer("--replay", "7:12", "-n", "500", behaviour=behaviour)
    assert ended == code and "probe: the program ran 500 times, 3,500 ops in all\n  1,500 deletes, 0 replays\n" in out


def test_a_fuzzer_that_counts_nothing_in_a_replay_is_believed_all_the_same(fuzzer):  # noqa: F811
    code, out, _ = fuzzer("--replay", "7:12", "-n", "5", behaviour="of an older build")
    assert code == 1 and "in all" not in out


def test_a_real_replay_counts_what_the_search_counts_of_that_program():
    program = this_house().fuzzer("probe", "engine_fuzz")
    if not program.is_file():
        pytest.skip(f"{program} is not built")

    def last(*words: str) -> dict:
        ended = subprocess.run([program, *words], capture_output=True, text=True, check=False, timeout=120)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1])

    once, often = last("--replay", "7:12", "--times", "1"), last("--replay", "7:12", "--times", "300")
    words = set(once) - {"event", "came_back", "tried", "program"}
    assert once["cases"] == 1 and once["ops"] == len(re.findall(r"^t\d+: (push|delete)", once["program"], re.MULTILINE))
    assert {"ops", "deletes", "waits"} <= words and all(often[word] == 300 * once[word] for word in words)


def test_the_help_says_how_long_shrinking_may_take_after_the_search(fuzzer, house):  # noqa: F811
    help_ = " ".join(fuzzer("--help")[1].replace("│", " ").split())
    assert "Shrinking comes after the time of the search: it takes half of --seconds at most, or 20 s where that is more" in help_
    for seconds, shrinking in ((60.0, "30"), (10.0, "20")):
        argv = command(Hunt("engine", seconds=seconds), "probe", house.root, house).argv
        assert argv[argv.index("--shrink-seconds") + 1] == shrinking


def test_a_search_counts_programs_in_thousands(fuzzer):  # noqa: F811
    _, out, _ = fuzzer("--replay", "7:12", "-n", "5000", behaviour="clean")
    assert "fuzzing engine, probe: 5,000 times 7:12\n" in out and "came back 0 of 5,000 times (probe)" in out
    program = this_house().fuzzer("probe", "engine_fuzz")
    if not program.is_file():
        pytest.skip(f"{program} is not built")
    told = subprocess.run([program, "--seconds", "4", "--max-ops", "1", "--workers", "0", "--property", "ENG-2"], capture_output=True, text=True, check=False, timeout=120).stdout
    last = json.loads(told.splitlines()[-1])
    assert re.fullmatch(r"[1-9]\d{0,2}(,\d{3})* programs?", last["what"]) and last["what"].startswith(f"{last['cases']:,} ")


def test_a_program_with_a_nul_byte_is_refused_with_a_whole_sentence(tmp_path):
    program = this_house().fuzzer("probe", "engine_fuzz")
    if not program.is_file():
        pytest.skip(f"{program} is not built")
    file = tmp_path / "nul.fuzz"
    file.write_bytes(b"engine workers 1 policy skip vars 1 noise 0\nt0: pu\0sh op1 writes(a)\n")
    ended = subprocess.run([program, "--replay", file], capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stderr) == (2, f"engine_fuzz: {file}: line 2 has a NUL byte, and a program is text\n")
