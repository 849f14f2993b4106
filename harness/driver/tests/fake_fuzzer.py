"""Stands in for engine_fuzz: speaks its JSON lines, and behaves as its environment says."""

import json
import os
import signal
import sys

words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
behaviour = os.environ["BEHAVIOUR"]
PROGRAM = "engine workers 1 policy skip vars 1 noise 0\nt0: push op1 writes(a)\n"


def tell(event, **rest):
    print(json.dumps({"event": event, **rest}), flush=True)


def finding(kind, event="finding", **rest):
    tell(event, contract="ENG-1", kind=kind, detail="op1 began too early", program=PROGRAM, **{"ops": 1, **rest})


if behaviour == "usage":
    print("engine_fuzz: unknown property 'usage'\nengine_fuzz [--seconds N]", file=sys.stderr)
    sys.exit(2)
if "--replay" in words and behaviour == "endless":
    tell("replaying", came_back=3, tried=3, times=int(words["--times"]))
    signal.pause()
if "--replay" in words:
    if behaviour != "clean":
        finding(behaviour)
    tell("replayed", came_back=0 if behaviour == "clean" else 20, tried=int(words["--times"]), program=PROGRAM,
         **({} if behaviour == "of an older build" else {"ops": 7 * int(words["--times"]), "deletes": 3 * int(words["--times"]), "replays": 0}))
    sys.exit(behaviour != "clean")
tell("progress", done=1, total=2, what="9 programs", elapsed_s=2.0, seed=int(words["--seed"]), case=9, cases=9, ops=70, calls=80, target=words.get("--target", ""),
     deletes=3, stops=2)
if behaviour in ("endless", "endless shrinking"):
    if behaviour == "endless shrinking":
        finding("hang", event="found", original=PROGRAM, original_ops=1, property="ENG-1", seed=1, case=8, found_after_s=0.5)
        tell("shrinking", elapsed_s=0.0, limit_s=30.0, ops=1)
    signal.pause()
if behaviour == "defect":
    sys.exit(70)
if behaviour == "contradiction":
    sys.exit(1)
if behaviour == "found and shrunk":
    finding(behaviour, event="found", original=PROGRAM, original_ops=2, property="ENG-1", seed=1, case=8, found_after_s=0.5)
if behaviour not in ("clean", "all"):
    finding(behaviour, ops=0 if behaviour == "no ops" else 1, original=PROGRAM * 2, original_ops=2, property="ENG-1", seed=int(words["--seed"]), case=8,
            found_after_s=0.5, shrunk_after_s=1.5, came_back=3, tried=200)
    sys.exit(1)
