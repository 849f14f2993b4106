"""A stand-in for tenter-runner that knows fault sites: a fault fires when its site is hit so often, and BEHAVIOUR says what breaks then."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

SITES = {"engine.op.body": (["throw", "delay"], 10, 5), "io.source.open": (["error"], 3, 2), "engine.worker.start": (["error"], 1, 0)}
CATALOGUE = {
    "version": 3, "flavour": "FLAVOUR",
    "workloads": [{"kind": "concurrent_inference", "meaning": "many threads call one model", "checks": ["determinism", "answer"],
                   "parameters": [{"name": "behaviour", "type": "string", "default": "", "meaning": "what the stand-in does"},
                                  {"name": "threads", "type": "integer", "default": 32, "minimum": 1, "meaning": "callers"},
                                  {"name": "aftermath", "type": "integer", "default": 0, "minimum": 0, "meaning": "calls"},
                                  {"name": "free_after", "type": "integer", "default": 0, "minimum": 0, "meaning": "calls"}],
                   "exposes": ["threads"]},
                  {"kind": "skipped_rows", "meaning": "", "parameters": [], "checks": ["determinism"], "exposes": []}],
    "checks": [{"name": name, "meaning": "", "contracts": ["COP-1"]} for name in ("determinism", "answer", "leak")],
    "sites": [{"name": name, "actions": actions, "meaning": ""} for name, (actions, _, _) in SITES.items()],
    "actions": [{"name": name, "written": written, "meaning": "", "swept": written, "fails": name != "delay"} for name, written in
                (("throw", 'throw(runtime_error,"swept")'), ("error", "error(data_loss)"), ("delay", "delay(2000)"))],
    "saboteurs": []}


def main() -> int:
    if sys.argv[1] == "catalogue":
        print(json.dumps(CATALOGUE | {"flavour": Path(sys.argv[0]).resolve().parents[2].name}))
        return 0
    tell(event="begin")
    if sys.argv[1] == "target":
        tell(event="target", name="a stand-in", version="7.1", notes="")
        return 0
    plan, out = json.loads(Path(sys.argv[2]).read_text()), Path(sys.argv[4])
    code = behave(plan, out, plan["workload"].get("behaviour", ""))
    tell(event="end", code=code)
    return code


def tell(**event) -> None:
    print(json.dumps(event), flush=True)


def behave(plan: dict, out: Path, behaviour: str) -> int:
    aimed = {}
    for item in filter(None, (item.strip() for item in plan["faults"].split(";"))):
        site, hit = re.match(r'([\w.]+)(?:@\w+:"[^"]*")?=nth\((\d+)\)', item).groups()
        aimed[item] = (site, int(hit))
    hits = {name: 0 if behaviour == "never opens" and name.startswith("io") else count for name, (_, count, _) in SITES.items()}
    fired = {item: int(hit <= hits[site]) for item, (site, hit) in aimed.items()}
    struck = {aimed[item][0]: aimed[item][1] for item, often in fired.items() if often}
    if "slow" in behaviour:
        time.sleep(0.15)
    if behaviour == "interrupts" and "io.source.open" in struck:
        os.kill(os.getppid(), signal.SIGINT)
        signal.pause()
    if behaviour == "dies" and "engine.worker.start" in struck:
        sys.stderr.write("==1== stack\n    #0 0x55d012 in tenter::Workers::Start() workers.cc:12:3\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGSEGV)
    planted = plan["target"]["name"].startswith("mutant ") and "blind" not in behaviour
    found = "dirty" in behaviour or (("leaks" in behaviour or planted) and struck.get("io.source.open") == 3)
    if found:
        (out / "findings.jsonl").write_text(json.dumps({
            "version": 1, "check": "leak", "contracts": ["COP-2"], "signature": "9f3c21aa01b2c3d4", "title": "an arena was not given back",
            "detail": "", "evidence": {"what": "arena"}}) + "\n")
    other = "another end" in behaviour and struck.get("engine.op.body") == 10
    (out / "summary.json").write_text(json.dumps({
        "version": 1, "scenario": plan["scenario"], "flavour": plan["flavour"], "seed": plan["seed"], "duration_ms": 1,
        "exposure": {"threads": plan["workload"]["threads"]}, "facts": {"aftermath": "bb" if other else "aa"},
        "checks": [{"name": name, "state": "passed", "examined": 10} for name in plan["checks"]],
        "sites": [{"name": name, "hit": hits[name], "fired": int(name in struck), "beside": SITES[name][2] if name in struck else 0}
                  for name in SITES],
        "pairs": [{"first": "engine.worker.start", "second": "engine.op.body", "first_hit": 1, "second_hit": 2}],
        "faults": [{"item": item, "hits": hits[aimed[item][0]], "fired": fired[item], "note": ""} for item in aimed],
        "effective_faults": ";".join(item for item in aimed if fired[item]), "findings": int(found)}))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
