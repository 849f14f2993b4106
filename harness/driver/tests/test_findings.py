"""Signatures: equal for the same defect, whatever moved in the memory and in time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenter.cases import postmortem
from tenter.record.findings import Finding, finding_from_json, finding_to_json, signature

addresses = st.integers(min_value=1, max_value=2**47).map(hex)
stacks = st.lists(addresses, min_size=5, max_size=5, unique=True)  # one address is one place
names = st.lists(st.sampled_from(["tenter::Engine::Push", "tenter::Arena::Take", "tenter::Plan::~Plan"]), max_size=5)


def stack(frames: list[str], addresses: list[str], line: int) -> str:
    return "\n".join(f"    #{i} {addresses[i]} in {name}(tenter::Op*, int) file.cc:{line}:3"
                     for i, name in enumerate(frames))


@given(frames=names, first=stacks, second=stacks,
       lines=st.tuples(st.integers(1, 9999), st.integers(1, 9999)))
def test_a_crash_keeps_its_signature_when_addresses_and_lines_move(frames, first, second, lines):
    here = postmortem.crash("SIGSEGV", stack(frames, first, lines[0]))
    there = postmortem.crash("SIGSEGV", stack(frames, second, lines[1]))
    assert here.signature == there.signature
    assert postmortem.crash("SIGABRT", stack(frames, first, 1)).signature != here.signature


@given(a=names, b=names)
def test_other_frames_are_another_defect(a, b):
    same = postmortem.crash("SIGSEGV", stack(a, ["0x1", "0x2", "0x3", "0x4", "0x5"], 1)).signature == \
        postmortem.crash("SIGSEGV", stack(b, ["0x1", "0x2", "0x3", "0x4", "0x5"], 1)).signature
    assert same == (list(dict.fromkeys(a))[:3] == list(dict.fromkeys(b))[:3])


def test_parts_of_a_signature_do_not_run_together():
    assert signature("ab", "c") != signature("a", "bc")


def test_a_report_of_threadsanitizer_has_the_name_that_the_runner_gives_it():
    found = postmortem.sanitizer("WARNING: ThreadSanitizer: data race (pid=12)\n  #0 tenter::PlanCache::Find(int) x.cc:1\n")
    assert found.check == "data_race" and found.title == "ThreadSanitizer: data race in tenter::PlanCache::Find"


@pytest.mark.parametrize(("frame", "function", "line"), [
    ("#0 0x1 in tenter::Arena::Take(unsigned long) runtime/arena.cc:12:3", "tenter::Arena::Take", "runtime/arena.cc:12"),
    ("#0 tenter::Arena::Take runtime/arena.cc:12", "tenter::Arena::Take", "runtime/arena.cc:12"),
    ("#0 0x1 in void ns::Copy<float>(float const*, long) (/opt/lib/libother.so.3+0x8d1927)", "ns::Copy<float>", ""),
    ("#0 0x1 in tenter::(anonymous namespace)::Run(int)::$_0::operator()() const a/b.cc:7", "tenter::(anonymous namespace)::Run", "a/b.cc:7"),
    ("#0 0x1 in (anonymous namespace)::Helper(int) b.cc:7", "(anonymous namespace)::Helper", "b.cc:7"),
    ("#0 0x1 in A::operator()(int) const a.cc:7", "A::operator()", "a.cc:7"),
    ("#0 0x1 in A::operator<(A const&) a.cc:7", "A::operator<", "a.cc:7"),
    ("#0 0x1 in t::run_operator<float>(T*) a.cc:7", "t::run_operator<float>", "a.cc:7"),
    ("#0 0x1 in bool t::operator==<int>(A<int> const&) a.cc:7", "t::operator==<int>", "a.cc:7"),
    ("#0 0x1 in A::operator->() a.cc:7", "A::operator->", "a.cc:7"),
    ("#0 0x1 in F<void (*)(int), G<1>>::H(long) a.cc:7", "F<void (*)(int), G<1>>::H", "a.cc:7"),
    ("#0 0x1 in main x.c:1", "main", "x.c:1"),
    ("#0 0x7f (/opt/lib/libother.so.3+0x8d1927) (BuildId: 0a1b)", "libother.so.3", ""),
])
def test_a_place_is_a_function_of_any_module(frame, function, line):
    assert postmortem.places(f"noise\n    {frame}\n") == [postmortem.Place(function, line)]


@pytest.mark.parametrize("frame", [
    "#0 0x1 in memcpy (/lib/x86_64-linux-gnu/libc.so.6+0x16e0c9)", "#1 0x1 in std::vector<int>::push_back(int) x.h:3",
    "#2 0x1 in __interceptor_free compiler-rt/asan.cpp:1", "#3 0x7f (/lib/x86_64-linux-gnu/libstdc++.so.6+0xd44a2)",
    "#4 0x1 in A::B(int) /usr/include/c++/12/bits/x.h:3", "#5 0x1 in operator new(unsigned long) new.cc:1",
])
def test_who_only_carried_the_message_is_no_place(frame):
    assert postmortem.places(frame) == []


def test_a_place_is_told_once():
    stack = "\n".join(f"#{i} 0x{i} in f(int) a.cc:{i}" for i in range(1, 9)) + "\n#9 0x1 in g() b.cc:1"
    assert [place.function for place in postmortem.places(stack)] == ["f", "g"]


def test_a_sanitizer_headline_loses_its_address():
    one = postmortem.sanitizer("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x60200 at pc 0x1\n")
    two = postmortem.sanitizer("==2==ERROR: AddressSanitizer: heap-use-after-free on address 0x7f200 at pc 0x9\n")
    assert one.signature == two.signature and one.title == "AddressSanitizer: heap-use-after-free"


FREED = "==123==ERROR: AddressSanitizer: heap-use-after-free on address 0x60200 at pc 0x1\n    #0 0x1 in Read a.cc:1\n"
UNDEFINED = "runtime/a.cc:3:5: runtime error: signed integer overflow: 1 + 2\n    #0 0x1 in Add a.cc:3\n"
LOGS = ("backend: runtime error: op Conv planned to fail", "  b.cc:1:2: runtime error: a line that was kept",
        "fallback: ERROR: AddressSanitizer: what a target quotes", "WARNING: ThreadSanitizer: data race (pid=12)")


@pytest.mark.parametrize("report", [FREED, UNDEFINED])
@pytest.mark.parametrize("log", LOGS)
def test_a_line_of_the_target_is_no_headline(tmp_path, report, log):
    if log == LOGS[-1] and report == UNDEFINED:
        return  # that is a report, as the sanitizer writes it
    (tmp_path / "stderr.txt").write_text(f"{log}\n{report}{log}\n")
    told = postmortem.from_headline(tmp_path / "stderr.txt")
    assert told.startswith(report)
    found = postmortem.sanitizer(told)
    assert found.title == ("AddressSanitizer: heap-use-after-free in Read" if report == FREED else
                           "UBSan: signed integer overflow: 1 + 2 in Add")
    assert postmortem.sanitizer(f"{log}\n{report}").title == found.title


def test_the_last_error_ended_the_process(tmp_path):
    leak = "==123==ERROR: LeakSanitizer: detected memory leaks\n    #0 0x1 in Take a.cc:1\n"
    (tmp_path / "stderr.txt").write_text(f"{UNDEFINED}{leak}{FREED}")
    assert postmortem.from_headline(tmp_path / "stderr.txt") == FREED.rstrip("\n")
    (tmp_path / "stderr.txt").write_text(LOGS[0])
    assert postmortem.from_headline(tmp_path / "stderr.txt") == ""


def test_what_was_under_way_last_is_told():
    """A person asked for a dump before."""
    found = postmortem.hang(2, "under way: opening the target\n\nunder way: freeing the engine\n", "1 of 2 steps", False)
    assert found.evidence["phase"] == "was freeing the engine"


@given(st.builds(Finding, check=st.text(min_size=1), signature=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
                 title=st.text(), detail=st.text(), contracts=st.lists(st.text()).map(tuple),
                 evidence=st.dictionaries(st.text(), st.integers() | st.text())))
def test_a_finding_survives_json(finding):
    assert finding_from_json(finding_to_json(finding), "x") == finding


def test_a_line_without_end_takes_no_time(tmp_path):
    (tmp_path / "stderr.txt").write_text("#0 a" + " " * 60_000 + "b\n")
    started = time.monotonic()
    postmortem.places(postmortem.tail(tmp_path / "stderr.txt"))
    assert time.monotonic() - started < 2, "quadratic: 30 s"
