"""A stand-in for engine_bench and policy_bench: takes their options and writes figures that tests can compute with."""

import json
import sys
from pathlib import Path

BASIC = ("independent", "chain", "2 reads 1 write", "10 reads 1 write")
CAPTURED = {"captured chain": 100.0, "captured 2 reads 1 write": 130.0}
# ns per op: ours is the base, and each contender so many times that.
BASE = {"independent": 200.0, "chain": 160.0, "2 reads 1 write": 300.0, "10 reads 1 write": 800.0}
TIMES = {"tenter": 1.0, "mxnet": 4.0, "tbb_flow": 0.5}


def row(workload, contender, ops, repeats, series, **parameters):
    return {"workload": workload, "parameters": parameters, "contender": contender, "ops": ops,
            "executed": ops * repeats, "series": {name: [value] * repeats for name, value in series.items()}}


def timed(workload, contender, ops, repeats, ns_per_op, **parameters):
    return row(workload, contender, ops, repeats, {"push_ns": 0.75 * ns_per_op * ops, "complete_ns": 0.25 * ns_per_op * ops,
                                                 "line_ns": 40.0},
               **parameters)


def engine_rows(part, ops, repeats, names):
    if part == "memory":
        return [row("bytes per idle variable", "tenter", 1000, 1, {"allocated_bytes": 60e3, "resident_bytes": 70e3}),
                row("bytes per pending op", "tenter", 1000, 1, {"allocated_bytes": 200e3, "resident_bytes": 100e3}),
                row("bytes per captured op", "tenter", 1000, 1, {"allocated_bytes": 300e3, "resident_bytes": 400e3})]
    rows = [row("round trip", name, 10, repeats, {"p50_ns": 1900.0 * TIMES[name], "p99_ns": 9000.0, "empty_ns": 30.0}) for name in names]
    if part == "one_worker":
        return rows
    scale = 0.3 if part == "naive" else 1.0
    rows += [timed(workload, name, ops, repeats, scale * BASE[workload] * TIMES[name]) for workload in BASIC for name in names]
    rows += [timed(workload, name, ops, repeats, scale * ns * TIMES[name]) for workload, ns in CAPTURED.items()
             for name in names if name != "mxnet" and (part, name) != ("naive", "tbb_flow")]
    if part == "threads":
        for count, ns in ((1, 100.0), (2, 140.0), (8, 160.0)):
            rows.append(timed("pushers", "tenter", ops, repeats, ns, pushers=count))
        for live, ns in ((10, 100.0), (1000, 105.0), (100000, 110.0)):
            rows.append(timed("live variables", "tenter", ops, repeats, ns, live=live))
        for reads, ns in ((1, 50.0), (10, 110.0), (1000, 20020.0)):
            rows.append(timed("reads per op", "tenter", ops, repeats, ns, reads=reads))
        for task, ns in ((500.0, 1000.0), (1000.0, 1250.0), (2000.0, 1250.0)):
            rows += [timed("metg independent", "calls", ops, repeats, task, task_ns=task),
                     timed("metg independent", "tenter", ops, repeats, ns, task_ns=task)]
    return rows


def policy_rows(ops, repeats):
    rows = []
    for task in (0, 10000):
        for percent in (0.0, 1.0):
            counts = {"failed": 0.01 * percent * ops, "poisoned_vars": 5.0 * percent}
            for name, ran, times in (("skip", 1 - 0.2 * percent, 1.0), ("run", 1.0, 1 + percent)):
                one = timed("64 pipelines", name, ops, repeats, (500.0 + task) * times, fault_percent=percent, task_ns=task)
                wasted = 0.2 * percent * ops if name == "run" else 0.0
                for quantity, value in {**counts, "ran": ran * ops, "skipped": (1 - ran) * ops, "wasted": wasted}.items():
                    one["series"][quantity] = [value] * repeats
                rows.append(one)
    return rows


def main():
    options = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    wanted, repeats, ops = options.get("--filter", ""), int(options["--repeats"]), int(options.get("--ops", "1000"))
    print("measuring", file=sys.stderr)
    if wanted == "crash":
        print("tenter ran 9 of 10 ops of chain", file=sys.stderr)
        return 70
    policies = Path(sys.argv[0]).name == "policy_bench"
    part = "policies" if policies else options["--part"]
    names = ["tenter"] if options.get("--peers") == "no" else ["tenter", "mxnet", "tbb_flow"]
    rows = policy_rows(ops, repeats) if policies else engine_rows(part, ops, repeats, names)
    contenders = [{"name": name, "title": f"<{name}>", "absent": ""} for name in (*names, "calls")]
    contenders.append({"name": "tbb_group", "title": "<group>", "absent": "it was not found"})
    Path(options["--json"]).write_text(json.dumps({
        "version": 2 if wanted == "version" else 1, "part": part, "facts": {"compiler": "clang", "workers": "2"},
        "contenders": contenders, "rows": [one for one in rows if wanted in (*one["workload"].split(), "", "version")
                                           or wanted in one["workload"]]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
