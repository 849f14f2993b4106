"""Every mistake on a command line or in a scenario file is one line that says what and where, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tenter import cli_bench
from tenter.plan.hunt import Hunt
from tenter.record import searched
from tenter.record.results import run_from_json
from test_fuzz import fuzzer  # noqa: F401  (a fixture)

LONG = "a" * 300
LONG_LINE = r"('.*(a{20,}\.\.\.)?': File name too long|no such target library .*|no (scenario|run) .*|'a+' is a model.*|.* holds no .*)"
HALF = "Unterminated string starting at: line 1 column 16 (char 15)"
WORKLOAD = '[workload]\nkind = "concurrent_inference"\n'

# A command, and its line: a regular expression of the whole of it, where {run} is a run and {out} the folder of runs.
COMMANDS = {
    "runn": r"No such command 'runn'. Did you mean 'run'\? \(./tenter --help\)",
    "--bogus": r"No such option: --bogus \(./tenter --help\)",
    "history sho": r"no scenario 'sho' in the history of {out}; known: smoke/bad, smoke/good",
    "history prune": r"history prune: give --keep N or --older-than DAYS, and not both \(./tenter history prune --help\)",
    "history prune --keep 1 --older-than 2": r"history prune: give --keep N or --older-than DAYS, and not both .*",
    "history prune --keep -1": r"Invalid value for '--keep': Input should be greater than or equal to 0 \(./tenter history prune --help\)",
    "history prune --keep x": r"Invalid value for '--keep': Input should be a valid integer, .* \(./tenter history prune --help\)",
    "history 0000": r"no finding '0000' in the history of {out}; known: c9318f5c",
    "history --out nowhere": r"there is no history: no such folder .*/nowhere",
    "history --out file.txt": r"there is no history: no such folder .*/file.txt",
    "history show a b": r"Got unexpected extra argument\(s\) \(b\) \(./tenter history show --help\)",
    "prune --keep 1": r"no command 'prune'; did you mean './tenter history prune'\? \(./tenter history prune --help\)",
    "rebuilt": r"no command 'rebuilt'; did you mean './tenter history rebuild'\? .*",
    "policies": r"no command 'policies'; did you mean './tenter bench policies'\? .*",
    "run --resume search2": r"search2 is a search of the fuzzer, which does not go on but begins again: ./tenter fuzz engine --flavour probe .*",
    "run --resume replay2": r"replay2 is a replay, which does not go on but begins again; what it counted: ./tenter report replay2",
    "bench": r"a word is missing, which says what to do \(./tenter bench --help\)",
    "bench engin": r"No such command 'engin'. Did you mean 'engine'\? \(./tenter bench --help\)",
    "plan net.onnx --rounds 5": r"--rounds goes with --time \(./tenter plan --help\)",
    "bench engine --repeats 1 --repeats 2": r"--repeats was given 2 times, and only one can count \(./tenter bench engine --help\)",
    "bench engine --repeats 0": r"Invalid value for '--repeats': .* \(./tenter bench engine --help\)",
    "run smoke/god": r"no scenario, folder or file 'smoke/god'; did you mean 'smoke/good'\?",
    "run nowhere/none.toml": r"no such scenario file 'nowhere/none.toml'",
    "run smoke/*x": r"no scenario, folder or file 'smoke/\*x'; did you mean 'smoke'\?",
    "run folder/empty.toml": r"folder/empty.toml: 'title' is missing",
    "run folder/half.toml": r"folder/half.toml: Unterminated string \(at end of document\)",
    "run folder/binary.toml": r"folder/binary.toml is no scenario \(TOML text\)",
    "run net.onnx": r"'net.onnx' is a model, and no scenario: ./tenter run --model net.onnx",
    "run none.onnx": r"no such file 'none.onnx'",
    "run folder/digits.toml": r"folder/digits.toml: Exceeds the limit \(4300 digits\) .*",
    "run folder/deep.toml": r"folder/deep.toml: tables or lists stand too deep in one another",
    **{f"{before}{LONG}": LONG_LINE for before in (
        "run ", "run ./", "run --model ", "run --baseline ", "run --resume ", "run --target ./", "replay ", "report ", "compare {run} ",
        "list --model ", "fuzz engine --replay ", "history --out ", "replay {run}/")},
    f"run --model net.onnx --input-shape x={'9' * 4301}": r"--input-shape: 'x=9+' is no shape such as .*",
    "report replay": r".*/replay/finding.json: not the finding of a replay \(.*\)",
    "report damaged": r".*/damaged/cases/one/result.json: not the result of a case \(.*\)",
    "run file.txt": r"file.txt: Expected '=' after a key in a key/value pair \(at end of document\)",
    "run smoke --seed 1 --seed 2": r"--seed was given 2 times, and only one can count \(./tenter run --help\)",
    "run smoke --seed": r"Option '--seed' requires an argument. \(./tenter run --help\)",
    "run smoke --seed -1": r"Invalid value for '--seed': .* \(./tenter run --help\)",
    "run smoke --seed 99999999999999999999999": r"Invalid value for '--seed': Input should be less than or equal to .*",
    "run smoke --repeat 0": r"Invalid value for '--repeat': Input should be greater than or equal to 1 .*",
    "run smoke --repeat x": r"Invalid value for '--repeat': Input should be a valid integer, .*",
    "run smoke -j 0": r"Invalid value for '--jobs' / '-j': .*",
    "run smoke --retry -1": r"Invalid value for '--retry': .*",
    "run smoke --flavor probe": r"No such option: --flavor \(Possible options: --flavour\) \(./tenter run --help\)",
    "run smoke -f tsam": r"--flavour: unknown flavour 'tsam'; did you mean 'tsan'\?",
    "run smoke -f probe,tsan": r"--flavour: unknown flavour 'probe,tsan'; did you mean 'probe'\?",
    "run smoke/good -f tsan": r"no scenario that was chosen has flavour tsan; they have probe",
    "run smoke --threads 3": r"--threads goes with --model; a scenario says that itself, in its file \(./tenter run --help\)",
    "run smoke --intra-op 2": r"--intra-op goes with --model; .*",
    "run smoke --batch 2": r"--batch goes with --model; .*",
    "run smoke --fault cached_op.arena.allocate=bad_alloc": r"--fault goes with --model; .*",
    "run --model models/ocr_cls.onnx --fault cached_op.arena.alocate=bad_alloc": r"--fault: unknown site 'cached_op.arena.alocate'; did you mean 'cached_op.arena.allocate'\?",
    "run --model net.onnx --intra-op 65": r"Invalid value for '--intra-op': .*",
    "run --model net.onnx --batch 0": r"Invalid value for '--batch': .*",
    "run --resume {run} --fault a=b": r"--fault says nothing beside --resume, .*",
    "run smoke --input-shape x=1,2": r"--input-shape goes with --model; .*",
    "run --target=": r"--target is empty \(./tenter run --help\)",
    "run --model none.onnx": r"--model: no such file 'none.onnx'",
    "run --model folder": r"--model: the folder 'folder' holds no file \*.onnx",
    "run --model net.onnx smoke": r"--model makes a scenario of its own; leave the scenario names out",
    "run --model net.onnx --threads 0": r"Invalid value for '--threads': .*",
    "run --model net.onnx --threads 2000000000": r"--model: 'threads' is 2,000,000,000, and this system grants .*",
    "run --model net.onnx --input-shape x": r"--input-shape: 'x' is no shape such as x=1,3,48,192 \(./tenter run --help\)",
    "run --model net.onnx --input-shape x=": r"--input-shape: 'x=' is no shape such as .*",
    "run --model net.onnx --input-shape =1": r"--input-shape: '=1' is no shape such as .*",
    "run --model net.onnx --input-shape x=1,-2": r"--input-shape: 'x=1,-2' is no shape such as .*",
    "run --model net.onnx --input-shape x=1;y=2": r"--input-shape: 'x=1;y=2' is no shape such as .*",
    "run --model net.onnx --input-shape x=1 --input-shape x=2": r"--input-shape: two shapes for the input 'x', and only one can count",
    "run smoke --repeat 99999999999999999999": r"Invalid value for '--repeat': Input should be less than or equal to 1000000 .*",
    "run --model net.onnx --inferences 99999999999999999999": r"Invalid value for '--inferences': .* less than or equal to 9223372036854775807 .*",
    "run --model net.onnx --threads 9223372036854775808": r"Invalid value for '--threads': .* less than or equal to 9223372036854775807 .*",
    "run smoke --target referenc": r"--target: unknown target 'referenc'; did you mean 'reference'\?",
    "run smoke --target ./libnone.so": r"--target: no such target library './libnone.so'",
    "run smoke --baseline nowhere": r"--baseline: 'nowhere' is no run folder and no report.json",
    "run smoke --baseline folder": r"folder holds no report.json; a run is a folder such as out/latest",
    "run smoke --baseline half": rf"half/report.json: not JSON \({re.escape(HALF)}\)",
    "run smoke --shard 5/4": r"--shard: '5/4' is no part such as 2/4, the second of four \(./tenter run --help\)",
    "run smoke --shard half": r"--shard: 'half' is no part such as .*",
    "run smoke/good --shard 2/2": r"--shard: part 2 of 2 is empty; there is 1 scenario in 1 flavour, and the seeds of one stay together",
    "run smoke --budget 5": r"--budget: '5' is no time such as 90s, 5m or 1h \(./tenter run --help\)",
    "run --resume nowhere": r".*/nowhere holds no run.json, and no run; one is a folder such as out/latest",
    "run --resume half": r".*/half/run.json: not the plan of a run \(Expecting value: .*\)",
    "run --resume {run} smoke": r"--resume goes on with what was planned; leave the scenario names out",
    "run --resume {run} --seed 3": r"--seed says nothing beside --resume, which goes on with what was planned .*",
    "run canary --power": r"--power: canary/one plants a bug itself, and measures nothing more; leave it out",
    "replay": r"Missing argument 'FINDING'. \(./tenter replay --help\)",
    "replay c93": r"'c93' is too short for the id of a finding: give at least 4 of its 8 digits",
    "replay abcdef12": r"no finding 'abcdef12' in any run under {out}; known: c9318f5c",
    "replay nowhere": r"no run 'nowhere' under {out}; known: \S+-smoke",
    "replay folder": r"'folder' is a folder without a report.json; a run is a folder such as out/latest",
    "replay {run}": r"\S+-smoke is a whole run, and is replayed by one finding; say which finding of it: \S+-smoke/smoke/bad.probe#c9318f5c",
    "replay {run}/smoke/on.probe": r"\S+-smoke has no case 'smoke/on.probe'; did you mean 'smoke/good.probe'\?",
    "replay {run}/smoke/bad.probe#1234": r"case 'smoke/bad.probe' has no finding '1234'; known: c9318f5c",
    "replay {run}/smoke/good.probe": r"case 'smoke/good.probe' of \S+-smoke found nothing that could be replayed",
    "replay c931 -n 0": r"Invalid value for '-n' / '--times': .*",
    "replay c931 -n 99999999999999999999": r"Invalid value for '-n' / '--times': .* less than or equal to 1000000 .*",
    "compare {run}": r"Missing argument 'AFTER'. \(./tenter compare --help\)",
    "compare {run} nowhere": r".*/nowhere holds no report.json; a run is a folder such as out/latest",
    "report file.txt": r".*/file.txt holds no run.json, and no run; one is a folder such as out/latest",
    "report half": rf".*/half/report.json: not JSON \({re.escape(HALF)}\)",
    "report search": r".*/search/search.json: not the plan of a search \(Expecting value: .*\)",
    "build probe tsam": r"unknown flavour 'tsam'; did you mean 'tsan'\?",
    "list -f prob": r"--flavour: unknown flavour 'prob'; did you mean 'probe'\?",
    "list --model none.onnx": r"--model: no such file 'none.onnx'; did you mean 'net.onnx'\?",
    "list --model /dev/null": r"--model: '/dev/null' is no regular file",
    "run --model file.txt": r"--model: '.*/file.txt' is no ONNX model: what stands at byte 0 is no part of one",
    "run --model /dev/null": r"--model: '/dev/null' is no regular file",
    "plan /dev/null": r"'/dev/null' is no regular file",
    "plan folder": r"'.*/folder' is a folder; name one file of it",
    "plan none.onnx": r"no such file '.*/none.onnx'",
    "bench model folder": r"'.*/folder' is a folder; name one file of it",
    "bench model none.onnx /dev/null": r"no such file '.*/none.onnx'",
    "bench sharing /dev/null --quick": r"'/dev/null' is no regular file",
    "list --model folder": r"--model: 'folder' is a folder; name one file of it",
    "list --model net.onnx": r"--model: 'net.onnx' is no ONNX model: .*",
    "list --model net.onnx -f probe": r"--flavour says nothing beside --model, whose file is read \(./tenter list --help\)",
    "doctor extra": r"Got unexpected extra argument\(s\) \(extra\) \(./tenter doctor --help\)",
    "test --quik": r"No such option: --quik \(Possible options: --quick\) \(./tenter test --help\)",
    "fuzz engin": r"cannot fuzz 'engin'; did you mean 'engine'\?",
    "fuzz engine -f release": r"the fuzzer needs fault sites: 'release' has none; those that have: probe, tsan, asan",
    "fuzz engine -f probe -f probe": r"--flavour: one of probe, probe is named twice, and is searched once",
    "fuzz engine -s 0": r"Invalid value for '--seconds' / '-s': .*",
    "fuzz engine --property ENG-99": r"--property: unknown property 'ENG-99'; known: all, ENG-1, .*",
    "fuzz engine --workers 2,,4": r"--workers: '2,,4' is no list of numbers such as 0,1,8",
    "fuzz engine --workers 2,65": r"--workers: '2,65' names an engine of more than 64 workers",
    "fuzz engine --mutant lost_posh": r"no planted bug 'lost_posh' for 'fuzz engine'; did you mean 'lost_push'\?",
    "fuzz iterator --mutant lost_push": r"no planted bug 'lost_push' for 'fuzz iterator'.*",
    "fuzz iterator --target mine": r"--target: no target 'mine'; name a library with its folder, such as \./mine.*",
    "fuzz api --target reference": r"--target goes with 'fuzz engine', 'fuzz iterator' and 'fuzz model'.*",
    "fuzz iterators": r"cannot fuzz 'iterators'; did you mean 'iterator'\?",
    "fuzz engine --times 3": r"--times goes with --replay \(./tenter fuzz --help\)",
    "fuzz engine --replay 7:1 --times 99999999999999999999": r"Invalid value for '-n' / '--times': .* less than or equal to 1000000000 .*",
    "fuzz engine --max-ops 99999999999999999999": r"Invalid value for '--max-ops': .* less than or equal to 10000 .*",
    "fuzz engine -s 1e300": r"Invalid value for '--seconds' / '-s': .* less than or equal to 100000000 .*",
    "fuzz engine --replay 7:1 --seed 3": r"--seed says nothing beside --replay, which runs one program .*",
    "fuzz engine --replay none.fuzz": r"--replay: 'none.fuzz' is no file, and no SEED:CASE such as 7:12",
    "fuzz engine --replay folder": r"--replay: 'folder' is no file, and no SEED:CASE such as 7:12",
    "fuzz engine --replay 7:": r"--replay: '7:' is no file, and no SEED:CASE such as 7:12",
}

# The text of a scenario file, and what follows its name.
SCENARIOS = {
    'titel = "t"\n' + WORKLOAD: r"unknown key 'titel'; did you mean 'title'\?",
    'title = "t"\ntitle = "u"\n' + WORKLOAD: r"line 2: the key 'title' is there already",
    'title = "t"\n[workload]\nkind = "x"\n\nkind = "y"': r"line 5: the key 'kind' is there already",
    'title = "t"\n' + WORKLOAD + WORKLOAD: r"line 4: the table \[workload\] is there already",
    'title = "t"\n[title]\n' + WORKLOAD: r"line 2: the table \[title\] is there already",
    'title = "t"\ntitle = """u\nv"""\n' + WORKLOAD: r"Cannot overwrite a value \(at line 3, column .*\)",
    "title = 3\n" + WORKLOAD: r"'title' is 3, and must be a string",
    'title = "t"\nworkload = 3': r"'workload' is 3, and must be a table",
    'title = "t"': r"'workload' is missing",
    'title = "t"\n[workload]': r"\[workload\] needs 'kind', the name of a workload \(./tenter list\)",
    'title = "t"\nflavours = []\n' + WORKLOAD: r"'flavours' is empty",
    'title = "t"\nflavours = ["prob"]\n' + WORKLOAD: r"unknown flavour 'prob'; did you mean 'probe'\?",
    'title = "t"\nflavours = [["probe"]]\n' + WORKLOAD: r"unknown flavour .*",
    'title = "t"\nflavours = ["probe", "probe"]\n' + WORKLOAD: r"'flavours' names probe twice",
    'title = "t"\ncontracts = "ENG-1"\n' + WORKLOAD: r"'contracts' is 'ENG-1', and must be a list",
    'title = "t"\ncontracts = [1]\n' + WORKLOAD: r"contracts: 1 must be a string",
    'title = "t"\ncontracts = ["ENG"]\n' + WORKLOAD: r"contracts: 'ENG' is no contract id such as ENG-1 .*",
    'title = "t"\ncontracts = ["ENG-99"]\n' + WORKLOAD: r"contracts: unknown contract 'ENG-99'; did you mean 'ENG-9'\? .*",
    'title = "t"\n' + WORKLOAD + "[workload.prob]\nthreads = 1": r"\[workload.prob\]: unknown flavour 'prob'; .*",
    'title = "t"\n' + WORKLOAD + "threads = true": r"\[workload\]: 'threads' is True, and must be an integer",
    'title = "t"\n' + WORKLOAD + "inferences = 9223372036854775808": r"\[workload\]: 'inferences' is 9223372036854775808, and must be at most "
                                                                  "9223372036854775807",
    'title = "t"\n' + WORKLOAD + "rate = 101": r"\[workload\]: 'rate' is 101, and must be at most 100",
    'title = "t"\n' + WORKLOAD + "rate = nan": r"\[workload\]: 'rate' is nan, and must be at most 9223372036854775807",
    'title = "t"\n' + WORKLOAD + "[faults]\nplan = 3": r"\[faults\]: 'plan' is 3, and must be a string",
    'title = "t"\n' + WORKLOAD + "[faults]\nplans = ''": r"\[faults\]: unknown key 'plans'; did you mean 'plan'\?",
    'title = "t"\n' + WORKLOAD + "[checks]\nuse = []": r"\[checks\] 'use' is empty; a run without a check concludes nothing",
    'title = "t"\n' + WORKLOAD + "[checks]\nuse = ['determinism', 'determinism']": r"\[checks\] 'use' names determinism twice",
    'title = "t"\n' + WORKLOAD + "[budget]\ntimeout_s = 0": r"\[budget\] 'timeout_s' is 0, and must be at least 1",
    'title = "t"\n' + WORKLOAD + "[budget]\nseed = -1": r"\[budget\] 'seed' is -1, and must be at least 0",
    'title = "t"\n' + WORKLOAD + "[budget]\nseed = 9223372036854775807": r"\[budget\] 'seed' is 9223372036854775807, and must be at most .*",
    'title = "t"\n' + WORKLOAD + "[budget]\nwatchdog_ms = 1000000000001": r"\[budget\] 'watchdog_ms' is .*, and must be at most 1000000000000",
    'title = "t"\n' + WORKLOAD + "[budget]\ntimeout_s = 99999999999999999999": r"\[budget\] 'timeout_s' is .*, and must be at most 1000000000",
    'title = "t"\n' + WORKLOAD + "[budget]\ntimeout_s = 1.5": r"\[budget\]: 'timeout_s' is 1.5, and must be an integer",
    'title = "t"\n' + WORKLOAD + "[expect]\nat_least = {refused_request = 3}": r"\[expect\] at_least: concurrent_inference counts no 'refused_request'; "
                                                                         r"did you mean 'refused_requests'\?",
    'title = "t"\nsaboteur = "lost_error"\n' + WORKLOAD + "[expect]\nfound_by = 'determinism'": r"saboteur 'lost_error' cannot act in "
        r"concurrent_inference, which calls nothing that it spoils; those that can: swap_outputs",
    'title = "t"\nsaboteur = "swap_outputs"\n[workload]\nkind = "iterator"\n[expect]\nfound_by = "epoch"': r"saboteur 'swap_outputs' cannot act in "
        r"iterator, which calls nothing that it spoils, and no other one can",
    'title = "t"\n' + WORKLOAD + "[expect]\nfindings = [3]": r"\[expect\] findings: each one is a table such as .*",
    'title = "t"\n' + WORKLOAD + '[expect]\nfindings = [{check = "determinism", count = 0}]': r"\[expect\] findings: 'count' is 0, and must be at least 1",
    'title = "t"\n' + WORKLOAD + '[expect]\nfindings = [{check = 3}]': r"\[expect\] findings: 'check' is 3, and must be a string",
}


@pytest.fixture
def prepared(tenter, write, house, fuzzer, monkeypatch):  # noqa: F811
    """A run with a finding, and files of which none is what it should be. Returns what {run} and {out} mean."""
    monkeypatch.setenv("BEHAVIOUR", "clean")
    monkeypatch.setattr("tenter.verbs.run.prepare_models", lambda folder: None)
    monkeypatch.setattr(cli_bench, "this_house", lambda: house)
    write("smoke/good")
    write("smoke/bad", behaviour="finding")
    write("canary/one", "[expect]\nfound_by = 'determinism'")
    assert tenter("run", "smoke")[0] == 1
    files = {"file.txt": b"text", "net.onnx": b"model", "folder/empty.toml": b"", "folder/half.toml": b'title = "x',
             "folder/binary.toml": b"\xff\xfe", "half/report.json": b'{"version": 2, "cas', "half/run.json": b'{"run": ',
             "search/search.json": b'{"hunt": ', "folder/digits.toml": b"title = " + b"9" * 4301, "folder/deep.toml": b"title = " + b"[" * 10**5,
             "replay/finding.json": b'{"version": 9}'}
    assert tenter("replay", "c931")[0] == 1
    plan = next(house.out.glob("*-replay-*"), None)
    files["replay/replaying.json"] = (plan / "replaying.json").read_bytes()
    shutil.rmtree(plan)
    ended = json.loads((house.out / "latest" / "run.json").read_text())
    files["replay2/replaying.json"] = files["replay/replaying.json"]
    searched.begin(house.root, Hunt("engine"), run_from_json(ended["run"], ""))
    files["search2/search.json"] = (house.root / "search.json").read_bytes()
    (house.root / "search.json").unlink()
    files["damaged/run.json"] = json.dumps({**ended, "cases": [{**ended["cases"][0], "name": "one"}]}).encode()
    files["damaged/cases/one/result.json"] = b'{"name": 3}'
    for name, content in files.items():
        (house.root / name).parent.mkdir(parents=True, exist_ok=True)
        (house.root / name).write_bytes(content)
    return {"run": f"out/{(house.out / 'latest').resolve().name}", "out": str(house.out)}


def everything(house) -> list[str]:
    return sorted(str(path) for path in house.root.rglob("*") if not path.name.startswith(".history"))


def test_every_mistake_is_one_line_and_leaves_nothing(tenter, house, prepared):
    (house.root / "bad.toml").write_text("")
    before, wrong = everything(house), []
    rows = [(command.replace("{run}", prepared["run"]).split(), line.replace("{out}", re.escape(prepared["out"])), "")
            for command, line in COMMANDS.items()]
    rows += [(["run", "bad.toml"], f"bad.toml:? {line}", text) for text, line in SCENARIOS.items()]
    assert len(rows) >= 60
    for words, line, text in rows:
        (house.root / "bad.toml").write_text(text)
        code, _, err = tenter(*words)
        if code != 2 or not re.fullmatch(f"tenter: {line}\n", err):
            wrong.append(f"{words} {text!r}\n  ended with {code}: {err}  expected: {line}")
        if everything(house) != before:
            wrong.append(f"{words} {text!r}\n  left {set(everything(house)) ^ set(before)}")
            before = everything(house)
    assert not wrong, "\n".join(wrong)
