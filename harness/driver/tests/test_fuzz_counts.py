"""What a fuzzer says of the programs that it ran, in a search and when one runs again."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tenter.house import this_house
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
