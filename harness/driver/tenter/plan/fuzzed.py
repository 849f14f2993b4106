"""What can be fuzzed: the subjects of the fuzzer, and what is said about each. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subject:
    name: str
    title: str  # of a search, for a person
    judged: str  # what a program is compared with
    unit: str  # what programs are made of, and are counted in
    contracts: tuple[str, ...]  # that have a property; a prefix that ends with "-" stands for all that begin so
    check: str  # the name under which a comparison that fails is reported
    any_target: bool = False  # a library, which --target may name; else Tenter's own runtime is linked
    target_program: str = ""  # of what is linked otherwise: the program that fuzzes the library of --target
    coverage: dict[str, str] = field(default_factory=dict)  # what a program may hold, and the word for a person


ENGINE = Subject(
    "engine", "Random programs on the engine", "What a program saw is compared with a model that runs one op at a time.", "op",
    ("ENG-", "ERR-"), "engine_model", target_program="target_engine_fuzz", coverage={
        "several_pushers": "with several pushers", "failing_ops": "failing ops", "async_ops": "asynchronous ops",
        "deletes": "deletes", "waits": "waits", "wait_alls": "wait-alls", "looks": "looks at the engine", "stops": "stops", "cancels": "cancels",
        "pushes_inside": "pushes in bodies", "waits_inside": "waits in bodies", "out_of_memory": "pushes without memory",
        "run_dependents": "under run-dependents", "naive": "on the naive engine", "meetings": "ops that meet",
        "many_vars": "with many vars", "gated": "for priorities", "parity": "for parity", "idle": "with idle workers that end",
        "forks": "forks", "crowds": "beside a crowd", "rounds": "rounds of waits", "races": "ops that race with their deadline", "scoped_ops": "ops in scopes",
        "recorded_ops": "captured ops", "replays": "replays", "bulk_ops": "ops in groups",
        "times_out": "deadlines that pass"})
ITERATOR = Subject(
    "iterator", "Random files and calls on an iterator",
    "Every answer is compared with that of a sequential iterator, in an order that the times of the calls allow.", "call",
    tuple(f"ITR-{number}" for number in range(1, 7)), "iterator_model", any_target=True, coverage={
        "several_consumers": "with several consumers", "nexts": "batches asked for", "resets": "resets", "closes": "closes",
        "bad_rows": "bad rows", "faults": "faults"})
MODEL = Subject(
    "model", "Random models and calls on cached ops",
    "Every answer is compared, in every bit, with what the graph says, worked out node after node; every error needs a cause.", "call",
    ("COP-9", *(f"COP-{number}" for number in range(1, 8))), "model_oracle", any_target=True, coverage={
        "several_callers": "with several callers", "several_sizes": "with several sizes", "for_one_thread": "for one thread",
        "naive": "on the naive engine", "nodes": "nodes", "faults": "faults", "wrong_requests": "wrong requests",
        "later": "answered later", "frees": "frees", "stops": "stops"})
API = Subject(
    "api", "Random lives of handles of the C API",
    "Every call must have the code that the lives of its handles demand, and every op is given back once.", "call",
    ("ENG-2", "ENG-5", "ENG-7", "ENG-8", "ENG-9", "ERR-6", "ERR-7", "ERR-9", "ERR-11", "ERR-12", "COP-4", "COP-6", "ITR-5"),
    "api_model", coverage={
        "several_threads": "with several threads", "frees": "frees", "other_contexts": "calls in another context"})

SUBJECTS = {subject.name: subject for subject in (ENGINE, ITERATOR, MODEL, API)}
