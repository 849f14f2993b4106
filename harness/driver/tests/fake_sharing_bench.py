"""A stand-in for sharing_bench: takes its options and writes figures that tests can compute with. The name of the model says what happens."""

import json
import sys
from pathlib import Path

# MB of one request in flight, and of each further one.
MEMORY = {"shared": (30.0, 0.005), "shared_waiting": (30.0, 0.008), "op_per_caller": (31.0, 6.0), "model_per_caller": (31.0, 17.0), "process_per_caller": (32.0, 26.0),
          "onnxruntime": (32.0, 1.0), "onnxruntime_each": (36.0, 14.0), "openvino": (40.0, 2.0), "openvino_each": (40.0, 20.0)}


def row(way, count, name):
    first, further = MEMORY[way]
    peak = (first + further * (count - 1)) * 1e6 * (2 if (name, way, count) == ("heavy", "shared", 1000) else 1)
    ahead = way == "shared" and count > 4
    process = way == "process_per_caller"
    series = {"peak_bytes": peak, "steady_bytes": peak - 1e6, "mapped_bytes": 5e6, "setup_ns": 50e6, "p50_ns": count * 3e6,
              "p99_ns": count * 4e6, "per_s": 1.0 if (name, way) == ("slow", "op_per_caller") else 300.0, "unanswered": 0,
              "mismatches": 7 if (name, way, count) == ("wrong", "op_per_caller", 8) else 0}
    return {"workload": "sharing", "contender": way, "ops": 1, "executed": max(10, count),
            "parameters": {"in_flight": count, "threads": 0 if process else 4 if ahead else count, "ahead": int(ahead),
                           "processes": count if process else 1},
            "series": {key: [value] for key, value in series.items()}}


def main():
    pairs = list(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    options = dict(pairs)
    name, way, count = options["--name"], options["--part"], int(options["--clients"])
    print("measuring", file=sys.stderr)
    if name == "crash":
        print("sharing_bench: broken", file=sys.stderr)
        return 70
    absent = ""
    if way.startswith("openvino") and "--openvino" not in options:
        absent = "no libopenvino_c.so was given"
    if name == "unknown" and not way.startswith("o"):
        absent = "unsupported: op Foo"
    if name == "full" and (way, count) == ("op_per_caller", 64):
        absent = "resource_exhausted: no thread"
    found = [] if absent else [row(way, count, name)]
    facts = {"mismatch: op_per_caller, 8 in flight": "element 0 is 1 and not 2"} if found and found[0]["series"]["mismatches"][0] else {}
    Path(options["--json"]).write_text(json.dumps({
        "version": 1, "part": name, "facts": {**facts, "block": options["--block-ms"]},
        "contenders": [{"name": way, "title": f"<{way}>", "absent": absent}], "rows": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
