"""The checks of the sources: each one is seen to fail on a planted violation, and to be silent without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenter.errors import UsageError
from tenter.sources import contracts, layers, tidy
from tenter.sources.source import Source, read_sources

CLEAN = {
    "README.md": "# x\n", "runtime/README.md": "x\n", "runtime/base/README.md": "x\n", "runtime/engine/README.md": "x\n",
    "harness/README.md": "x\n", "harness/run/README.md": "x\n", "harness/workloads/README.md": "x\n",
    "runtime/base/CMakeLists.txt": "tenter_room(base\n  SOURCES status.cc)\n",
    "runtime/base/status.cc": '#include "runtime/base/status.h"\n',
    "runtime/base/status.h": "#pragma once\n",
    "runtime/base/mutex.h": "#pragma once\n#include <mutex>\nstd::mutex mutex_;\n",
    "runtime/engine/engine.h": '#pragma once\n#include <vector>\n#include "runtime/base/status.h"\n',
    "sanitizers/README.md": "x\n", "scenarios/README.md": "x\n",
    "sanitizers/tsan.supp": "# 2026-11-22: the lazy initialisation inside the library is a known false report\nrace:dnnl\n",
    "scenarios/smoke/a.toml": 'title = "a"\n',
}


@pytest.fixture
def root(tmp_path: Path):
    for path, text in CLEAN.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def plant(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def long_function(lines: int) -> str:
    return "namespace a {\nint Run(int x) {\n" + "  x++;\n" * (lines - 2) + "}\n}\n"


def test_a_clean_tree_is_silent(root):
    sources = read_sources(root)
    assert tidy.check(sources) == [] and layers.check(sources) == []


@pytest.mark.parametrize(("path", "text", "expected"), [
    ("runtime/base/status.h", "#pragma once\n" + "\n" * 400, "401 lines; a .h file ends at 400"),
    ("harness/driver/x.py", "x = 1\n" * 301, "301 lines; a .py file ends at 300"),
    ("runtime/base/status.cc", "\n" * 701, "701 lines"),
    ("runtime/base/status.cc", "// " + "x" * 98 + "\n", "101 columns"),
    ("runtime/base/status.cc", long_function(71), "status.cc:2: a function of 71 lines"),
    ("runtime/base/status.h", "int x;\n", "without #pragma once"),
    ("runtime/engine/engine.h", "#pragma once\n#include <mutex>\n", "engine.h:2: '#include <mutex>' is not used here"),
    ("runtime/engine/engine.h", "#pragma once\nstd::mutex m;\n", "use Mutex of runtime/base/mutex.h"),
    ("runtime/engine/engine.h", "#pragma once\nstd::shared_mutex m;\n", "use Mutex of runtime/base/mutex.h"),
    ("runtime/engine/engine.h", "#pragma once\n#include <condition_variable>\n", "use CondVar"),
    ("runtime/engine/engine.h", "#pragma once\n#include <semaphore.h>\n", "use Semaphore"),
    ("runtime/engine/engine.h", "// Errors: " "none.\n#pragma once\n", "says nothing: leave it out"),
    ("runtime/engine/engine.h", "#pragma once\n#include <atomic>\n", "use Atomic"),
    ("runtime/engine/engine.h", "#pragma once\nstd::atomic<int> x;\n", "use Atomic"),
    ("runtime/engine/engine.h", "#pragma once\nstd::jthread t;\n", "use Thread"),
    ("bench/pool.cc", "std::mutex m;\n", "use Mutex"),
    ("bench/pool.cc", "int x;\n", "bench/README.md:1: is missing"),
    ("runtime/base/status.cc", 'auto x = getenv("HOME");\n', "'getenv' is not used here"),
    ("runtime/base/status.cc", "int x = std::rand();\n", "use Rng"),
    ("runtime/base/status.cc", "auto t = std::chrono::system_clock::now();\n", "use NowNs"),
    ("runtime/base/status.cc", "std::this_thread::sleep_for(x);\n", "use SleepNs"),
    ("runtime/base/status.cc", "thread_local int x;\n", "'thread_local' is not used"),
    ("runtime/base/status.cc", "#pragma omp parallel for\n", "'#pragma omp' is not used"),
    ("runtime/base/status.cc", "std::atomic_thread_fence(x);\n", "does not see fences"),
    ("runtime/base/status.cc", "// TO" "DO: later\n", "a leftover 'TO" "DO'"),
    ("README.md", "FIX" "ME\n", "a leftover"),
    ("README.md", "see https://py" "pi.org/x\n", "the host of a package registry"),
    ("cmake/x.txt", "mirror de" "bian.org\n", "the host of a package registry"),
    ("README.md", "build in /wor" "k/main\n", "a path of one machine"),
    ("README.md", "look at '/tm" "p/x'\n", "a path of one machine"),
    ("sanitizers/tsan.supp", "race:foo\n", "'race:foo' has no comment with a date and a reason"),
    ("runtime/engine/engine.h", "#pragma once\nUnseenMutex mutex_;\n", "races of the runtime are to be seen"),
    ("harness/faults/x.h", "#pragma once\nmutable Mutex mutex_;\n", "hides a race of the target"),
    ("harness/workloads/rows/x.h", "#pragma once\nbool Is() { return set_.Load(kAcquire); }\n", "hides a race of the target"),
    ("sanitizers/tsan.supp", "# because it is noisy here\nrace:foo\n", "has no comment with a date"),
    ("sanitizers/tsan.supp", "# 2026-01-01: one two three\n\nrace:foo\n", "has no comment with a date"),
    ("runtime/base/lost.cc", "int x;\n", "runtime/base/lost.cc:1: in no CMakeLists.txt"),
    ("runtime/base/tus.cc", "int x;\n", "runtime/base/tus.cc:1: in no CMakeLists.txt"),
    ("scenarios/other/a.toml", "", "a scenario lives in scenarios/{smoke,"),
    ("scenarios/a.toml", "", "a scenario lives in"),
    ("runtime/graph/graph.h", "#pragma once\n", "runtime/graph/README.md:1: is missing"),
])
def test_tidy_finds_a_planted_violation(root, path, text, expected):
    plant(root, path, text)
    found = [str(violation) for violation in tidy.check(read_sources(root))]
    assert any(expected in line for line in found), found


@pytest.mark.parametrize(("path", "text"), [
    ("runtime/base/status.cc", "// std::mutex is not used, and neither is getenv\n"),
    ("runtime/base/status.cc", 'auto x = "std::thread"; auto y = R"(rand( getenv)"; int z = 1\'000\'000;\n'),
    ("harness/workloads/progress.h", "#pragma once\nMutex mutex_;\n"),
    ("harness/run/x.h", "#pragma once\nMutex mutex_;\n"),
    ("runtime/base/status.cc", "int brand(int x); int operand (int);\n"),
    ("runtime/base/status.cc", long_function(70)),
    ("runtime/base/status.cc", "namespace a {\nclass B {\n" + "  int x;\n" * 100 + "};\n}\n"),
    ("runtime/base/status.cc", 'class CAPABILITY("m") M {\n' + "  int x;\n" * 100 + "};\n"),
    ("runtime/base/status.cc", "int table[] = {\n" + "  1,\n" * 100 + "};\n"),
    ("runtime/engine/README.md", "Frame/work/ and a/tmp/ inside a path are no path of a machine.\n"),
    ("build/x.cc", "std::mutex m;\n"), ("out/report.md", "/wor" "k/\n"),
])
def test_tidy_is_silent_about_what_is_right(root, path, text):
    plant(root, path, text)
    assert tidy.check(read_sources(root)) == []


def plant_headers(root: Path, folder: str, count: int) -> None:
    for number in range(count):
        plant(root, f"{folder}/x{number}.h", "#pragma once\n")
    plant(root, f"{folder}/README.md", "x\n")


def test_a_crowded_folder_is_found(root):
    plant_headers(root, "runtime/graph", 26)
    assert [str(v) for v in tidy.check(read_sources(root))] == [
        "runtime/graph:1: 26 sources, tests aside; a folder holds 25 at most"]


def test_tests_do_not_crowd_a_folder(root):
    plant_headers(root, "runtime/graph", 25)
    for name in ("runtime/graph/testing.h", "runtime/graph/test_model.h", "harness/driver/tests/fake_x.py"):
        plant(root, name, "#pragma once\n")
    plant(root, "runtime/graph/a_test.cc", "")
    plant(root, "runtime/graph/CMakeLists.txt", "a_test.cc\n")
    plant(root, "harness/README.md", "x\n")
    plant(root, "harness/driver/README.md", "x\n")
    assert tidy.check(read_sources(root)) == []


def test_what_is_being_divided_may_be_crowded_and_says_why(root, monkeypatch):
    monkeypatch.setitem(tidy.CROWDED, "runtime/graph", "being divided")
    plant_headers(root, "runtime/graph", 26)
    assert tidy.check(read_sources(root)) == [] and all(tidy.CROWDED.values())


@pytest.mark.parametrize(("head", "is_function"), [
    ("int Run(int x) ", True), ("  void Lock() ACQUIRE() ", True), ("Thread::Thread(int x) : x_(x), y_(1) ", True),
    ("auto f = [this](int x) ", True), ("bool Get() const noexcept override ", True), ("namespace a ", False),
    ("class SCOPED_CAPABILITY Lock ", False), ('class CAPABILITY("mutex") Mutex ', False), ("enum class E ", False),
    ("int x[] = ", False), ("auto Find(int x) -> std::vector<int> ", True), ("struct Op : public Base ", False),
])
def test_what_counts_as_a_function(head, is_function):
    assert bool(list(tidy.functions(head + "{\n}\n"))) == is_function


def test_blanked_code_keeps_its_lines():
    source = Source(Path("/"), "x.cc")
    source.__dict__["text"] = 'a /* x\ny */ b "c\\"d" \'"\' // e\nf'
    assert source.code.count("\n") == 2 and source.code.split() == ["a", "b", "f"]


@pytest.mark.parametrize(("path", "include", "expected"), [
    ("runtime/base/x.h", "runtime/engine/engine.h", "upward include: base stands below engine"),
    ("runtime/engine/x.cc", "runtime/capi/tenter/tenter.h", "upward include: engine stands below capi"),
    ("runtime/engine/x_test.cc", "runtime/graph/graph.h", "upward include"),
    ("runtime/io/x.cc", "runtime/ops/op.h", "io may include base..tensor only"),
    ("runtime/cached_op/x.cc", "runtime/io/csv.h", "only capi may include io"),
    ("runtime/base/x.h", "harness/target/target.h", "the runtime names harness/"),
    ("runtime/base/x.h", "status.h", "from the root of the repository"),
    ("harness/run/x.cc", "plan.h", "from the root of the repository"),
    ("runtime/base/x.h", "runtime/extra/x.h", "runtime/extra is on no floor"),
    ("runtime/engine/x.cc", "bench/program.h", "only bench/ may include bench/"),
    ("harness/run/x.cc", "bench/program.h", "only bench/ may include bench/"),
    ("bench/x.cc", "harness/run/plan.h", "bench/ may include runtime/ only"),
    ("bench/program/x.h", "bench/contender/contender.h", "upward include: bench/program stands below contender"),
    ("runtime/capi/tenter/x.h", "runtime/capi/tenter/error.h", "an installed header names its neighbours alone"),
    ("runtime/capi/tenter/tenter.h", "../context/sized.h", "an installed header names its neighbours alone"),
    ("runtime/capi/context/context.h", "error.h", "from the root of the repository"),
    ("runtime/engine/tenter/x.h", "error.h", "from the root of the repository"),
    ("bench/attic/x.h", "bench/program/program.h", "bench/attic is on no floor"),
    ("bench/x.cc", "program.h", "from the root of the repository"),
    ("fuzz/engine/program/x.h", "fuzz/engine/judge/judge.h", "upward include: fuzz/engine/program stands below judge"),
    ("fuzz/engine/judge/x_test.cc", "fuzz/engine/run/child.h", "upward include: fuzz/engine/judge stands below run"),
    ("fuzz/engine/attic/x.h", "fuzz/engine/program/program.h", "fuzz/engine/attic is on no floor"),
    ("fuzz/attic/x.h", "fuzz/process/child.h", "fuzz/attic is on no floor"),
    ("fuzz/process/x.h", "fuzz/frame/trial.h", "upward include: fuzz/process stands below frame"),
    ("fuzz/frame/x.h", "fuzz/engine/run/child.h", "fuzz/frame may include process and frame only"),
    ("fuzz/api/x.h", "fuzz/engine/program/program.h", "fuzz/api may include process and frame only"),
    ("fuzz/engine/run/x.h", "fuzz/target/x.h", "fuzz/engine may include process and frame only"),
    ("fuzz/model/run/x.h", "fuzz/engine/program/program.h", "fuzz/model may include process and frame and target only"),
    ("fuzz/target_engine/run/x.h", "fuzz/model/graph/graph.h", "fuzz/target_engine may include process and frame and target and engine only"),
    ("fuzz/target_engine/run/x.h", "fuzz/target_engine/judge/judge.h", "upward include: fuzz/target_engine/run stands below judge"),
])
def test_layers_finds_a_planted_edge(root, path, include, expected):
    plant(root, path, f'#pragma once\n  #  include "{include}"\n')
    found = layers.check(read_sources(root))
    assert len(found) == 1 and expected in str(found[0]) and str(found[0]).startswith(f"{path}:2: ")


@pytest.mark.parametrize(("path", "line", "expected"), [
    ("plan/scenario.py", "from tenter.verbs import run", "upward import: plan stands below verbs"),
    ("record/archive.py", "    from tenter.cases.verdict import counts", "upward import: record stands below cases"),
    ("attic/x.py", "", "harness/driver/tenter/attic is on no floor"),
    ("plan/scenario.py", "from tenter.errors import UsageError", ""), ("cli.py", "from tenter.verbs import run", ""),
    ("verbs/run.py", "from tenter.plan.scenario import Scenario", ""),
])
def test_the_folders_of_the_driver_have_floors(root, path, line, expected):
    plant(root, f"harness/driver/tenter/{path}", f"x = 1\n{line}\n")
    found = [str(violation) for violation in layers.check(read_sources(root))]
    assert any(expected in violation for violation in found) if expected else found == []


@pytest.mark.parametrize(("path", "include"), [
    ("runtime/capi/x.cc", "runtime/io/csv.h"), ("runtime/io/x.cc", "runtime/tensor/tensor.h"),
    ("runtime/cached_op/x.cc", "runtime/graph/graph.h"), ("harness/run/x.cc", "runtime/capi/tenter/tenter.h"),
    ("runtime/capi/tenter/tenter.h", "error.h"), ("runtime/capi/tenter/x.h", "model.h"),
    ("fuzz/x.cc", "harness/sched/sched.h"), ("bench/x.cc", "runtime/engine/engine.h"), ("bench/x.cc", "bench/program.h"),
    ("bench/x.cc", "bench/policy/policy.h"), ("bench/policy/x.cc", "bench/program/program.h"),
    ("fuzz/target_engine/run/x.h", "fuzz/engine/run/notes.h"), ("fuzz/target_engine/main.cc", "fuzz/target_engine/judge/x.h"),
    ("fuzz/x.cc", "fuzz/frame/trial.h"), ("fuzz/engine/hunt/x.cc", "fuzz/engine/program/program.h"),
    ("fuzz/engine/main.cc", "fuzz/engine/hunt/x.h"), ("fuzz/engine/run/x.cc", "fuzz/frame/trial.h")])
def test_layers_lets_downward_edges_pass(root, path, include):
    plant(root, path, f'#include "{include}"\n')
    assert layers.check(read_sources(root)) == []


@pytest.fixture
def cited(house):
    """A repository in which every required contract is cited once."""
    required = [c.id for c in contracts.read_contracts(house).values() if c.required]
    plant(house.root, "runtime/engine/all_test.cc", "// " + ", ".join(required[:-1]) + "\n")
    plant(house.root, "scenarios/smoke/last.toml", f'contracts = ["{required[-1]}"]\n')
    return required


def test_contracts_without_a_gap(tenter, cited):
    code, out, _ = tenter("contracts")
    assert code == 0 and f"{len(cited)} of {len(cited)} contracts are cited" in out and len(cited) == 38


def test_a_property_of_the_fuzzer_is_evidence(tenter, house, cited):
    plant(house.root, "runtime/engine/all_test.cc", "// " + ", ".join(cited[1:]) + "\n")
    properties = "".join(f'EngineProperty{{"{id_}", "what it compares", With({{}})}},\n' for id_ in cited
                         if id_.startswith(("ENG-", "ERR-")))
    plant(house.root, "fuzz/engine/judge/properties.cc", f"// ERR-99\n{properties}")
    code, out, _ = tenter("contracts")
    assert code == 0 and f"{len(cited)} of {len(cited)} contracts are cited" in out and "property" in out
    plant(house.root, "fuzz/engine/judge/properties.cc", 'EngineProperty{"ENG-12", "nothing"}\n')
    assert "ENG-12 is no contract, and is cited by fuzz/engine/judge/properties.cc" in tenter("contracts")[1]


def test_a_gap_fails(tenter, house, cited):
    plant(house.root, "runtime/engine/all_test.cc", "// " + ", ".join(cited[1:]) + "\n")
    code, out, _ = tenter("contracts")
    assert code == 1 and f"{cited[0]} is cited by no test and no scenario" in out


@pytest.mark.parametrize(("path", "text"), [
    ("runtime/engine/x_test.cc", "// ENG-12\n"), ("harness/test_x.py", "# ENG-12\n"),
    ("scenarios/smoke/x.toml", 'contracts = ["ENG-12"]\n')])
def test_an_unknown_id_fails(tenter, house, cited, path, text):
    plant(house.root, path, text)
    code, out, _ = tenter("contracts")
    assert code == 1 and "ENG-12 is no contract, and is cited by" in out


def test_a_contract_of_the_engine_without_a_property_fails(tenter, house, cited):
    plant(house.root, "fuzz/engine/judge/properties.cc", 'EngineProperty{"ENG-1", "order"}\n')
    code, out, _ = tenter("contracts")
    assert code == 1 and "ERR-4 has no property in fuzz/engine/judge/properties.cc" in out
    assert "ENG-1 has no property" not in out and "ITR-1 has no property" not in out


def test_ids_in_other_files_are_no_evidence(house, cited):
    plant(house.root, "runtime/engine/all_test.cc", "")
    plant(house.root, "runtime/engine/engine.h", "// ENG-1\n")
    plant(house.root, "harness/driver/tests/test_x.py", "# ENG-1\n")
    assert "ENG-1" in contracts.collect(house).gaps()


def test_a_broken_table_of_contracts_is_a_usage_error(house):
    (house.reports / contracts.TABLE).write_text("ENG-1 = 3\n")
    with pytest.raises(UsageError, match="the table of contracts cannot be read"):
        contracts.collect(house)
