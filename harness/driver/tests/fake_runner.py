"""A stand-in for tenter-runner: speaks the protocol of harness/run/README.md and behaves as its workload says."""

import json
import os
import signal
import struct
import sys
import time
from pathlib import Path

CATALOGUE = {
    "version": 3,
    "flavour": "FLAVOUR",
    "workloads": [
        {"kind": "concurrent_inference", "meaning": "many threads call one model",
         "parameters": [
             {"name": "behaviour", "type": "string", "default": "clean", "meaning": "what the stand-in does"},
             {"name": "calls_alone", "type": "integer", "default": 16, "meaning": "calls of one thread"},
                        {"name": "threads", "type": "integer", "default": 32, "minimum": 1, "meaning": "callers"},
             {"name": "inferences", "type": "integer", "default": 2000, "minimum": 1, "meaning": "in all"},
             {"name": "model", "type": "string", "default": "", "meaning": "model"},
             {"name": "intra_op", "type": "integer", "default": 1, "minimum": 1, "maximum": 64, "meaning": "threads of a kernel"},
             {"name": "batch", "type": "integer", "default": 1, "minimum": 1, "meaning": "requests as one"},
             {"name": "input_shape", "type": "string", "default": "", "meaning": "NAME=1,2,3"},
             {"name": "rate", "type": "number", "default": 1.0, "minimum": 0, "maximum": 100, "meaning": "share"},
             {"name": "thread_safe", "type": "boolean", "default": True, "meaning": "flag"}],
         "checks": ["determinism", "hidden_write", "data_race"],
         "exposes": ["threads", "inferences", "in_flight_max", "batched_requests", "ops", "refused_requests", "resident_growth_kb", "close_us_max"]},
        {"kind": "iterator", "meaning": "consumes an iterator",
         "parameters": [{"name": "csv_file", "type": "string", "default": "", "meaning": "rows"},
                        {"name": "behaviour", "type": "string", "default": "clean", "meaning": ""}],
         "checks": ["epoch"], "exposes": ["epochs"]}],
    "checks": [{"name": "determinism", "meaning": "bitwise equal", "contracts": ["COP-1"]},
               {"name": "hidden_write", "meaning": "parameters stay", "contracts": ["COP-2"]},
               {"name": "data_race", "meaning": "ThreadSanitizer reports nothing", "contracts": ["COP-1"]},
               {"name": "epoch", "meaning": "exactly once", "contracts": ["ITR-1"]}],
    "sites": [{"name": "engine.op.body", "actions": ["throw", "error"], "meaning": "the body fails"},
              {"name": "cached_op.arena.allocate", "actions": ["bad_alloc"], "meaning": "no memory"}],
    "actions": [{"name": "throw", "written": 'throw(TYPE,"message")', "meaning": "an exception", "swept": 'throw(runtime_error,"swept")', "fails": True},
                {"name": "error", "written": "error(CODE)", "meaning": "a status", "swept": "error(data_loss)", "fails": True},
                {"name": "bad_alloc", "written": "bad_alloc", "meaning": "no memory", "swept": "bad_alloc", "fails": True}],
    "saboteurs": [{"name": "swap_outputs", "meaning": "two requests get each other's outputs", "workloads": ["concurrent_inference"]},
                  {"name": "lost_error", "meaning": "a wait succeeds that has to fail", "workloads": ["engine_program"]}],
}


# What a title, a detail or a note must not be able to do to a terminal, a page, a table or a file for CI.
HOSTILE = ("\x1b]0;evil\x07[bold]b[/bold] | `tick` ]]> <script>alert(1)</script> </details> \x1b[31mred \x9b31m \u202ertl "
           "\ud800 \r\n::error::forged ``` {{ 7 * 7 }} &lt; **s** \x00")


def main() -> int:
    if sys.argv[1] == "catalogue":
        print(json.dumps(CATALOGUE | {"flavour": Path(sys.argv[0]).resolve().parents[2].name}))
        return 0
    if sys.argv[1] == "target":
        tell(event="begin")
        if not Path(sys.argv[2]).read_bytes().startswith(b"\x7fELF library"):
            sys.stderr.write(f"tenter-runner: {sys.argv[2]}: no target library\n")
            return 2
        tell(event="target", name="a stand-in", version="7.1", notes="")
        return 0
    plan = json.loads(Path(sys.argv[2]).read_text())
    out = Path(sys.argv[4])
    assert out.is_dir() and not list(out.iterdir()), "the folder must exist and be empty"
    assert os.environ["OMP_NUM_THREADS"] == "1"
    tell(event="begin")
    code = behave(plan, out)
    if plan["workload"]["behaviour"] not in TARGET_ENDS:
        tell(event="end", code=TOLD.get(plan["workload"]["behaviour"], code))
    return code


def tell(**event) -> None:
    print(json.dumps(event), flush=True)


def behave(plan: dict, out: Path) -> int:
    work = plan["workload"]
    behaviour = work["behaviour"]
    total = work.get("inferences", 100)
    if work.get("model") and Path(work["model"]).read_bytes() == b"no ONNX":
        sys.stderr.write(f"tenter-runner: model: model '{work['model']}': truncated or not an ONNX file (7 bytes)\n")
        return 2
    for done in () if behaviour == "refuse" else (total // 2, total):
        print(json.dumps({"event": "progress", "done": done, "total": total, "what": "inferences"}), flush=True)
    if behaviour in ("brief", "brief_finding"):
        time.sleep(0.25)
    if behaviour in ENDINGS:
        return ENDINGS[behaviour](out)
    attempt = out.parent.name.removeprefix("attempt") if out.parent.name.startswith("attempt") else "1"
    if behaviour == "late_finding" and attempt != "1":
        behaviour = "finding"
    if behaviour == "rare_race" and attempt == "3":
        write_finding(out, "data_race", "data race in tenter::PlanCache::Find", "77aa77aa01b2c3d4")
        write_summary(out, plan, behaviour, True)
        return 66
    found = behaviour in ("finding", "brief_finding") or (behaviour == "rare_race" and attempt == "1") or (behaviour == "odd_seed_finding" and plan["seed"] % 2)
    if found:
        write_finding(out, plan["checks"][0], "thread 7 got the answer of thread 3")
    if behaviour == "names_files":
        found = True
        write_finding(out, plan["checks"][0], "scenarios/smoke/told.toml is wrong: ./tenter run --model net.onnx")
    if behaviour == "recorded":
        found = True
        write_finding(out, plan["checks"][0], "thread 7 got the answer of thread 3")
        (out / "flight.bin").write_bytes(RECORDED)
    if behaviour == "hostile":
        found = True
        write_finding(out, plan["checks"][0], HOSTILE, detail="".join(map(chr, range(256))) + HOSTILE + "\n" + "x" * 100_000)
        sys.stderr.write(HOSTILE.encode(errors="replace").decode())
    if behaviour == "race":
        found = True
        write_finding(out, "data_race", "data race in tenter::PlanCache::Find(int);", "77aa77aa01b2c3d4", RACE)
    if behaviour == "two_findings":
        found = True
        write_finding(out, "determinism", "thread 7 got the answer of thread 3")
        write_finding(out, "data_race", "data race in tenter::PlanCache::Find", "77aa77aa01b2c3d4")
    if plan["target"]["saboteur"] == "swap_outputs" and behaviour != "blind":
        write_finding(out, "determinism", "thread 1 got the answer of thread 2")
        found = True
    if behaviour == "leaks":
        found = True
        write_finding(out, plan["checks"][0], "thread 7 got the answer of thread 3")
        sys.stderr.write("==9==ERROR: LeakSanitizer: detected memory leaks\n\nDirect leak of 48 byte(s) in 2 object(s) allocated from:\n"
                         "    #0 0x4 in tenter::Arena::Take() arena.cc:9\n" + "".join(f"    #{i} 0x{i:x} in f{i}() f.cc:{i}\n" for i in range(1, 200)))
        write_summary(out, plan, behaviour, found)
        return 66
    write_summary(out, plan, behaviour, found)
    if behaviour == "sanitizer":
        write_finding(out, "data_race", "data race in tenter::PlanCache::Find")
        return 66
    if behaviour == "contradiction":
        write_finding(out, "determinism", "reported, and then denied")
        return 0
    return 1 if found else 3 if behaviour == "no_power" else 0


DETAIL = ("request 1203: output 'save_infer_model/scale_0.tmp_1' differs at [0,1]\n"
          "  expected 0x3f7f2a10 (0.99673)\n  got      0x3b562c00 (0.00326)\n"
          "  equal to the reference of thread 3, bit for bit \x1b[31m\x00")


# harness/flight/README.md: one ring with one event, a call that did not return.
RECORDED = ((json.dumps({"version": 1, "rings_at": 512, "ring_bytes": 128, "rings": 1, "events_at": 64, "event_bytes": 64, "events": 1,
                         "threads_at": 640, "thread_bytes": 24, "threads": 0, "calls": ["invoke"], "sites": [], "actions": []}) + "\n").encode().ljust(512, b"\0")
            + struct.pack("<2Q48x4Q32s", 1, 2**64 - 1, 1000, 77, 1, 0, b""))


RACE = ("write\n    tenter::PlanCache::Find(int)  /elsewhere/src/runtime/graph/plan_cache.cc:40\n"
        "    tenter::CachedOp::Invoke()  /elsewhere/src/runtime/graph/cached_op.cc:12\n    start_thread  nptl.c:442\n"
        "read\n    tenter::PlanCache::Find(int)  /elsewhere/src/runtime/graph/plan_cache.cc:31\n")


def write_finding(out: Path, check: str, title: str, signature: str = "9f3c21aa01b2c3d4", detail: str = DETAIL) -> None:
    with (out / "findings.jsonl").open("a") as file:
        file.write(json.dumps({
            "version": 1, "check": check, "contracts": ["COP-1"], "signature": signature, "title": title,
            "detail": detail,
            "evidence": {"expected_thread": 7, "got_thread": 3, "node": "softmax_0.tmp_0", "first_index": 1,
                         **({"frame_0": "tenter::PlanCache::Find"} if check == "data_race" else {})}}) + "\n")


def write_summary(out: Path, plan: dict, behaviour: str, found: bool) -> None:
    def check(name: str) -> dict:
        if behaviour == "hostile" and name == "hidden_write":
            return {"name": name, "state": "no_power", "examined": 0, "note": HOSTILE}
        if behaviour == "no_power" or (behaviour == "weak" and name == "hidden_write"):
            return {"name": name, "state": "no_power", "examined": 0,
                    "note": "the outputs of this model do not depend on its input, so a mix-up cannot be seen"}
        failed = found and name == plan["checks"][0]
        return {"name": name, "state": "failed" if failed else "passed", "examined": 2000}

    work = plan["workload"]
    items = [item.strip() for item in plan["faults"].split(";") if item.strip()]
    (out / "summary.json").write_text(json.dumps({
        "version": 1, "scenario": plan["scenario"], "flavour": plan["flavour"], "seed": plan["seed"],
        "duration_ms": 812, "exposure": {"threads": work.get("threads", 1), "inferences": work.get("inferences", 0),
                                         "in_flight_max": work.get("threads", 1), "ops": 0,
                                         "batched_requests": 0 if behaviour == "apart" else work.get("batch", 1) - 1, "refused_requests": 0,
                                         "resident_growth_kb": 8648, "close_us_max": 342},
        "checks": [check(name) for name in plan["checks"]],
        "sites": [{"name": "engine.op.body", "hit": 4000, "fired": 3 if plan["faults"] else 0},
                  {"name": "cached_op.arena.allocate", "hit": 0, "fired": 0}],
        # An item that asks for "never" is the one that does not fire.
        "faults": [{"item": item, "hits": 0 if "@op" in item else 4000, "fired": 0 if "never" in item else 3,
                    "note": ""} for item in items],
        "effective_faults": plan["faults"], "findings": int(found)}))


def crash(out: Path) -> int:
    sys.stderr.write("==1== stack\n    #0 0x55d012 in tenter::Engine::Push(tenter::Op*) engine.cc:12:3\n"
                     "    #1 0x55d099 in main main.cc:4\n")
    sys.stderr.flush()
    (out / "findings.jsonl").write_text('{"version":1,"check":"determ')  # torn by the death
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def recorder_dies(out: Path) -> int:
    sys.stderr.write("    #0 0x55d012 in tenter::Flight::Write(tenter::FlightEvent const&) harness/flight/flight_write.cc:60:3\n"
                     "    #1 0x55d099 in main main.cc:4\n")
    sys.stderr.flush()
    os.kill(os.getpid(), signal.SIGBUS)
    return 0


def hang(out: Path) -> int:
    def dump(*_):
        sys.stderr.write("thread 3 waits for var 17, held by op conv1 #0 in tenter::Engine::WaitForVar(int)\n")
        sys.stderr.flush()
    signal.signal(signal.SIGQUIT, dump)
    child = os.fork()  # a process of its own that would outlive a careless driver
    (out / f"pid-{os.getpid()}").touch()
    while True:
        time.sleep(0.05 if child else 0.05)


def slow(out: Path) -> int:
    for done in range(10_000):
        print(json.dumps({"event": "progress", "done": done, "total": 500_000, "what": "inferences"}), flush=True)
        time.sleep(0.02)
    return 0


def garbage(out: Path) -> int:
    print("Segmentation fault, says the target")
    (out / "summary.json").write_text('{"version": 1}')
    return 0


def report_without_finding(out: Path) -> int:
    sys.stderr.write("==9==ERROR: AddressSanitizer: heap-use-after-free on address 0x602 at pc 0x4\n"
                     "    #0 0x4 in tenter::Arena::Take() arena.cc:9\n")
    return 66


def say_and_end(message: str, code: int):
    def end(out: Path) -> int:
        sys.stderr.write(message)
        return code
    return end


def bad_findings(out: Path) -> int:
    (out / "findings.jsonl").write_text('{"version":7}\n')
    return 1


def bad_summary(out: Path) -> int:
    (out / "summary.json").write_text('{"version":1,"checks":[{"name":"x","state":"splendid"}]}')
    return 0


# What the target ended, and what ends with another code than the runner told.
TARGET_ENDS = ("exits", "exits_like_usage", "exits_like_a_sanitizer", "asan", "no_headline")
TOLD = {"exits_late": 0, "leaks": 1}
EXIT_STACK = ("the process is ended by a call of exit, from here:\n    #0 0x1 in tenter::events::(anonymous namespace)::OnExit() events.cc:3\n"
              "    #1 0x2 in exit ./stdlib/exit.c:143\n    #2 0x3 in mine::Configure() mine.cc:7\n")

ENDINGS = {
    "exits": say_and_end(EXIT_STACK, 0), "exits_like_usage": say_and_end("mine: bad config\n", 2),
    "exits_like_a_sanitizer": say_and_end("", 66), "exits_late": say_and_end("", 5),
    "slow": slow, "unsupported": say_and_end("tenter-runner: model: model '/a/net.onnx': unsupported: op Erf (node 'n')\n", 77), "no_headline": say_and_end("==9== see the log\n", 66),
    "crash": crash, "recorder_dies": recorder_dies, "hang": hang, "garbage": garbage, "asan": report_without_finding, "bad_findings": bad_findings,
    "bad_summary": bad_summary, "defect": say_and_end("the checks lost count\n", 70),
    "refuse": say_and_end("tenter-runner: model: unsupported (tenter::StatusError): plan.json: unknown action 'trow'; did you mean 'throw'?\n", 2),
    "refuse_late": say_and_end("tenter-runner: model: no node is called 'x'\n", 2), "silent": say_and_end("", 0), "liar": say_and_end("", 1), "odd_code": say_and_end("odd\n", 42),
}

if __name__ == "__main__":
    sys.exit(main())
