"""Every mistake in a scenario or on the command line is one line, exit code 2, and leaves earlier results alone."""

from __future__ import annotations

import json
import shlex

import pytest

from tenter.plan.planner import fault_sites


def snapshot(house) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in house.out.rglob("*") if p.is_file() and not p.is_symlink()}


@pytest.mark.parametrize(("body", "expected"), [
    ("thread = 3", "concurrent_inference has no parameter 'thread'; did you mean 'threads'?"),
    ("threads = 0", "'threads' is 0, and must be at least 1"),
    ("threads = 2000000000", "'threads' is 2,000,000,000, and this system grants "),
    ("threads = '3'", "'threads' is '3', and must be an integer"),
    ("thread_safe = 1", "'thread_safe' is 1, and must be a boolean"),
    ("rate = -0.5", "'rate' is -0.5, and must be at least 0"),
    ("model = 'ocr_clas'", "unknown model 'ocr_clas'; did you mean 'ocr_cls'?"),
    ("model = 'data/none.onnx'", "no such file 'data/none.onnx'"), ("model = 'scenarios/smoke'", "'scenarios/smoke' is a folder; name one file of it"),
    ("model = '/dev/null'", "'/dev/null' is no regular file"),
    ("[workload.tsan]\nthredas = 3", "no parameter 'thredas'; did you mean 'threads'?"),
    ("[faults]\nplan = 'engine.op.boddy=throw'", "unknown site 'engine.op.boddy'; did you mean 'engine.op.body'?"),
    ("[checks]\nuse = ['determinsm']", "unknown check 'determinsm'; did you mean 'determinism'?"),
    ("[checks]\nuse = ['epoch']", "check 'epoch' has no meaning for concurrent_inference"),
    ("[checks]\nmain = 'epoch'", "[checks] main 'epoch' is none of the checks of the scenario; known: determinism, hidden_write"),
    ("[checks]\nmain_at_least = 3", "[checks] 'main_at_least' says nothing without 'main', the name of a check"),
    ("[expect]\nat_least = {refused = 0}", "'refused' is 0, and must be an integer of at least 1"),
    ("[expect]\nfound_by = 'livenes'", "unknown check 'livenes'; did you mean 'liveness'?"),
])
def test_a_wrong_name_or_value_in_a_scenario(tenter, write, house, monkeypatch, body, expected):
    monkeypatch.setattr("tenter.verbs.run.prepare_models", lambda folder: None)
    assert tenter("run", write("smoke/good"))[0] == 0
    before = snapshot(house)
    code, _, err = tenter("run", write("smoke/bad", body))
    assert code == 2 and expected in err and err.count("\n") == 1
    assert "scenarios/smoke/bad.toml" in err
    assert snapshot(house) == before


def test_a_planted_bug_that_is_not_planted(tenter, house):
    (house.scenarios / "smoke" / "bad.toml").write_text(
        'title = "t"\n[workload]\nkind = "concurrent_inference"\n[expect]\nfound_by = "determinism"\n')
    code, _, err = tenter("run", "smoke/bad")
    assert code == 2 and "'found_by' asks for a planted bug, and the scenario plants none; set 'saboteur'" in err


@pytest.mark.parametrize(("head", "expected"), [
    ("target = 'referense'", "unknown target 'referense'; did you mean 'reference'?"),
    ("target = './libmine.so'", "no such target library './libmine.so'"),
    ("saboteur = 'swap_output'", "unknown saboteur 'swap_output'; did you mean 'swap_outputs'?"),
    ("mutant = 'shared_arenas'", "unknown mutant 'shared_arenas' in flavour probe; did you mean 'shared_arena'?"),
])
def test_a_wrong_target(tenter, write, head, expected):
    body = "" if head.startswith("target") else "[expect]\nfound_by = 'determinism'"
    code, _, err = tenter("run", write("smoke/bad", body, head=head))
    assert code == 2 and expected in err and err.count("\n") == 1


def test_a_planted_bug_that_nothing_has_to_find(tenter, write):
    code, _, err = tenter("run", write("smoke/bad", head="saboteur = 'swap_outputs'"))
    assert code == 2 and "plants a bug and expects nothing; say what must find it: [expect] found_by" in err


def test_an_unknown_contract(tenter, write):
    code, _, err = tenter("run", write("smoke/bad", head="contracts = ['ENG-99']"))
    assert code == 2 and "contracts: unknown contract 'ENG-99'; did you mean 'ENG-9'? (./tenter contracts)" in err


def test_an_unknown_workload(tenter, write):
    code, _, err = tenter("run", write("smoke/bad", kind="concurent_inference"))
    assert code == 2 and "unknown workload 'concurent_inference'; did you mean 'concurrent_inference'?" in err


@pytest.mark.parametrize(("arguments", "expected"), [
    (("run", "smoke/god"), "no scenario, folder or file 'smoke/god'; did you mean 'smoke/good'?"),
    (("run", "nowhere/none.toml"), "no such scenario file 'nowhere/none.toml'"),
    (("run", "--seed", "1", "--seed", "2"), "--seed was given 2 times, and only one can count (./tenter run --help)"),
    (("run", "smoke", "--threads", "3"), "--threads goes with --model; a scenario says that itself, in its file (./tenter run --help)"),
    (("run", "--input-shape", "1,2"), "--input-shape goes with --model"),
    (("run", "--repeat", "x"), "Invalid value for '--repeat': Input should be a valid integer, unable to parse string as an integer (./tenter run --help)"),
    (("run", "--target", ""), "--target is empty (./tenter run --help)"),
    (("run", "--out="), "--out is empty (./tenter run --help)"),
    (("fuzz", "--bogus"), "No such option: --bogus (Possible options: --out) (./tenter fuzz --help)"),
    (("replay",), "Missing argument 'FINDING'. (./tenter replay --help)"),
    (("run", "--model", "none.onnx"), "--model: no such file 'none.onnx'"),
    (("run", "--threads", "0"), "--threads"),
    (("run", "--flavour", "tsam"), "unknown flavour 'tsam'; did you mean 'tsan'?"),
    (("run", "smoke/good", "-f", "tsan"), "no scenario that was chosen has flavour tsan"),
    (("run", "smoke/good", "--target", "referenc"), "--target: unknown target 'referenc'; did you mean 'reference'?"),
    (("runn",), "No such command 'runn'. Did you mean 'run'?"),
    (("replay", "abcdef12"), "no finding 'abcdef12'"),
    (("report", "nowhere"), "holds no run.json, and no run"),
])
def test_a_wrong_command_line(tenter, write, arguments, expected):
    write("smoke/good")
    code, _, err = tenter(*arguments)
    assert code == 2 and expected in err and err.count("\n") == 1


def test_broken_toml_names_file_and_line(tenter, house):
    (house.scenarios / "smoke" / "broken.toml").write_text("title = 3 4")
    code, _, err = tenter("run", "smoke/broken")
    assert code == 2 and "scenarios/smoke/broken.toml" in err and "line 1" in err and err.count("\n") == 1


def test_a_catalogue_of_another_version_is_refused(tenter, write, house):
    runner = house.runner("probe")
    runner.write_text(runner.read_text().replace('"version": 3,\n    "flavour"', '"version": 9,\n    "flavour"'))
    code, _, err = tenter("run", write("smoke/good"))
    assert code == 2 and "version 9" in err and "build it again" in err


def test_the_plan_has_every_default_and_absolute_paths(tenter, write, house):
    name = write("smoke/full", "model = 'ocr_cls'\n[workload.probe]\nthreads = 4")
    assert tenter("run", name, "--seed", "7")[0] == 0
    plan = json.loads((house.out / "latest" / "cases" / "smoke" / "full.probe" / "plan.json").read_text())
    assert plan == {
        "version": 1, "scenario": "smoke/full", "flavour": "probe", "faults": "", "seed": 7, "watchdog_ms": 30000,
        "target": {"name": "reference", "library": str(house.target("probe", "reference")), "saboteur": ""},
        "workload": {"kind": "concurrent_inference", "behaviour": "clean", "calls_alone": 16, "threads": 4, "inferences": 2000, "intra_op": 1, "batch": 1,
                     "model": str(house.models / "ocr_cls.onnx"), "input_shape": "", "rate": 1.0, "thread_safe": True},
        "checks": ["determinism", "hidden_write"]}


def test_a_missing_model_is_prepared_once(tenter, write, house, monkeypatch):
    asked = []

    def prepare(folder):
        asked.append(folder)
        (folder / "squeezenet_he.onnx").write_bytes(b"model")

    monkeypatch.setattr("tenter.verbs.run.prepare_models", prepare)
    assert tenter("run", write("smoke/m", "model = 'squeezenet_he'"), "--repeat", "2")[0] == 0
    assert asked == [house.models]


def test_a_model_of_ones_own_runs_in_both_flavours(tenter, house, tmp_path):
    model = tmp_path / "net.onnx"
    model.write_bytes(b"model")
    code, out, _ = tenter("run", "--model", str(model), "--threads", "16", "--inferences", "300",
                          "--input-shape", "x=1,3,48,192")
    assert code == 0 and "0 mismatches in 300 inferences, 16 threads; ≤ 1 % per inference" in out
    plan = json.loads((house.out / "latest" / "cases" / "model" / "net.tsan" / "plan.json").read_text())
    assert plan["workload"]["inferences"] == 30 and plan["workload"]["input_shape"] == "x=1,3,48,192"


def test_a_command_that_runs_a_case_again_writes_where_the_run_was(tenter, write, house, tmp_path):
    out = tmp_path / "my runs"
    tenter("run", write("smoke/bad", body="[expect]\nfindings = [{check = 'determinism'}]"), "--out", str(out))
    case, = json.loads((out / "latest" / "report.json").read_text())["cases"]
    assert case["again"] == f"./tenter run smoke/bad --flavour probe --seed 1 --out '{out}'"
    assert f"; again: {case['again']}\n" in tenter(*shlex.split(case["again"])[1:])[1]
    assert case["again"] in (out / "latest" / "report.md").read_text() and len(list(out.glob("*-bad*"))) == 2 and not house.out.exists()


def test_a_command_runs_the_very_same_case_again(tenter, write, house, tmp_path):
    """The words, the flavour and the seed of a case lead to the same plan, wherever the scenario came from."""
    outside = tmp_path / "my own.toml"
    outside.write_text('title = "x"\n[workload]\nkind = "concurrent_inference"\nthreads = 3\n')
    model = tmp_path / "net.onnx"
    model.write_bytes(b"model")
    library = tmp_path / "libmine.so"
    library.write_bytes(b"\x7fELF library")
    for words in (["run", write("smoke/good"), "--seed", "7", "--repeat", "2"], ["run", str(outside)],
                  ["run", "--model", str(model), "--threads", "5", "--input-shape", "x=1,3,48,192"],
                  ["run", "smoke/good", "--target", str(library)]):
        tenter(*words)
        folder = (house.out / "latest").resolve()
        for case in json.loads((folder / "report.json").read_text())["cases"]:
            first = json.loads((folder / "cases" / case["name"] / "plan.json").read_text())
            assert case["again"].startswith("./tenter run ") and f"--seed {case['seed']}" in case["again"]
            assert tenter(*shlex.split(case["again"])[1:])[0] == 0
            plans = list((house.out / "latest" / "cases").rglob("plan.json"))
            assert [json.loads(plan.read_text()) for plan in plans] == [first]


def test_a_target_library_of_ones_own(tenter, write, house, tmp_path):
    library = tmp_path / "libmine.so"
    library.write_bytes(b"\x7fELF library")
    assert tenter("run", write("smoke/good"), "--target", str(library))[0] == 0
    plan = json.loads((house.out / "latest" / "cases" / "smoke" / "good.probe" / "plan.json").read_text())
    assert plan["target"] == {"name": "mine", "library": str(library), "saboteur": ""}


def test_without_a_verb_the_smoke_suite_runs(tenter, write, house):
    write("smoke/one")
    code, out, _ = tenter()
    assert code == 0 and "smoke/one.probe" in out


def test_words_select_folders_globs_and_files(tenter, write, house):
    for name in ("smoke/a_one", "smoke/a_two", "smoke/b", "canary/c"):
        write(name)
    for words, count in ((("smoke",), 3), (("smoke/a_*",), 2), (("scenarios/smoke", "smoke/b"), 3),
                         ((str(house.scenarios / "canary" / "c.toml"),), 1), ((), 3)):
        assert tenter("run", *words)[0] == 0
        assert len(json.loads((house.out / "latest" / "report.json").read_text())["cases"]) == count


def test_no_word_at_all_means_run(tenter, write, house):
    write("smoke/one")
    assert tenter()[0] == 0
    assert [path.name for path in (house.out / "latest").resolve().glob("report.html")] == ["report.html"]


def test_sites_of_a_fault_plan_are_read_past_quotes():
    plan = 'engine.op.body@op:conv1=nth(3)throw(runtime_error,"a;b=c \\" d"); cached_op.* = P10% error(5)->off ;'
    assert fault_sites(plan) == ["engine.op.body", "cached_op.*"]


def test_two_files_of_one_name_outside_the_scenarios_are_told_apart(tenter, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.toml").write_text(
            'title = "x"\nflavours = ["probe"]\n[workload]\nkind = "concurrent_inference"\n')
    code, _, err = tenter("run", str(tmp_path / "a" / "x.toml"), str(tmp_path / "b" / "x.toml"))
    assert code == 2 and "two scenarios are called x.probe" in err


def test_a_check_that_only_tsan_feeds_is_asked_for_under_tsan_only(tenter, house):
    (house.scenarios / "smoke" / "one.toml").write_text(
        'title = "x"\n[workload]\nkind = "concurrent_inference"\n')
    assert tenter("run", "smoke/one")[0] == 0
    plans = house.out / "latest" / "cases" / "smoke"
    checks = {flavour: json.loads((plans / f"one.{flavour}" / "plan.json").read_text())["checks"]
              for flavour in ("probe", "tsan")}
    assert checks == {"probe": ["determinism", "hidden_write"], "tsan": ["determinism", "hidden_write", "data_race"]}
