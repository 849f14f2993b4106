"""A stand-in for model_bench: takes its options and writes figures that tests can compute with. The name of the model says what happens."""

import json
import sys
from pathlib import Path

# Milliseconds of an answer: the p50 of ours over the better peer is 0.8 then.
LATENCY = {"tenter": 1.6, "tenter_confined": 1.5, "onnxruntime": 3.0, "openvino": 2.0}
PER_S = {"tenter": 1000.0, "onnxruntime": 400.0, "openvino": 1000.0}
LOAD = {"tenter": 30.0, "onnxruntime": 20.0, "openvino": 90.0}
ANSWERS = 10  # per round


def row(workload, contender, series, **parameters):
    return {"workload": workload, "parameters": parameters, "contender": contender, "ops": 1,
            "executed": max(map(len, series.values())), "series": series}


def answers(rounds, ms, fastest=1.0):
    """The slowest of each round takes twice as long as the others, and the first one `fastest` times as long."""
    factors = [fastest, *([1.0] * (ANSWERS - 2)), 2.0]
    values = [ms * 1e6 * factor for _ in rounds for factor in factors]
    return {"latency_ns": values, "round": [number for number in rounds for _ in range(ANSWERS)]}


def rows(options, names):
    rounds = range(int(options["--first-round"]), int(options["--first-round"]) + int(options["--repeats"]))
    clients = int(options.get("--clients", "1"))
    if options["--part"] == "load":
        name = options["--contender"]
        return [row("load", name, {"load_ns": [LOAD[name] * 0.75e6], "first_ns": [LOAD[name] * 0.25e6], "file_bytes": [4e6],
                                   "load_peak_bytes": [4e6], "peak_bytes": [5e6], "mapped_bytes": [1e6], "steady_bytes": [5e6]})]
    if options["--part"] == "latency":
        quick = 0.5 if options["--threads"] == "2" else 1.0
        return [row("latency", name, answers(rounds, LATENCY[name], quick if name == "tenter" else 1.0)) for name in names]
    if options["--part"] == "open":
        return [row("open loop", name, {**answers(rounds, LATENCY[name]), "late_ns": [1e5] * ANSWERS * len(rounds)}, clients=clients,
                    rate=int(options["--rate"])) for name in names if name != "tenter_confined"]
    return [row("clients", name, {"per_s": [PER_S[name] * min(clients, 2)] * len(rounds)}, clients=clients)
            for name in names if name != "tenter_confined"]


def main():
    pairs = list(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    options = dict(pairs)
    name = options["--name"]
    print("measuring", file=sys.stderr)
    if name == "wrong":
        print("wrong answer: OpenVINO answers otherwise than Tenter", file=sys.stderr)
        return 1
    if name == "crash":
        print("model_bench: no such op", file=sys.stderr)
        return 70
    contenders = [{"name": one, "title": f"<{one}>", "absent": ""} for one in LATENCY]
    if options.get("--peers") == "no":
        contenders = contenders[:2]
    elif "--openvino" not in options:
        contenders[3]["absent"] = "no libopenvino_c.so was given"
    if name == "unknown":
        contenders[0]["absent"] = contenders[1]["absent"] = "unsupported: op Foo"
    here = [one["name"] for one in contenders if not one["absent"]]
    Path(options["--json"]).write_text(json.dumps({
        "version": 1, "part": name, "facts": {"asked": " ".join(value for word, value in pairs if word in ("--input", "--output"))},
        "contenders": contenders, "rows": rows(options, here)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
