"""Signatures: equal for the same defect, whatever moved in the memory and in time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenter.cases import postmortem
from tenter.record.findings import Finding, finding_from_json, finding_to_json, signature

addresses = st.integers(min_value=1, max_value=2**47).map(hex)
names = st.lists(st.sampled_from(["tenter::Engine::Push", "tenter::Arena::Take", "tenter::Plan::~Plan"]), max_size=5)


def stack(frames: list[str], addresses: list[str], line: int) -> str:
    return "\n".join(f"    #{i} {addresses[i]} in {name}(tenter::Op*, int) file.cc:{line}:3"
                     for i, name in enumerate(frames))


@given(frames=names, first=st.lists(addresses, min_size=5, max_size=5), second=st.lists(addresses, min_size=5, max_size=5),
       lines=st.tuples(st.integers(1, 9999), st.integers(1, 9999)))
def test_a_crash_keeps_its_signature_when_addresses_and_lines_move(frames, first, second, lines):
    here = postmortem.crash("SIGSEGV", stack(frames, first, lines[0]))
    there = postmortem.crash("SIGSEGV", stack(frames, second, lines[1]))
    assert here.signature == there.signature
    assert postmortem.crash("SIGABRT", stack(frames, first, 1)).signature != here.signature


@given(a=names, b=names)
def test_other_frames_are_another_defect(a, b):
    same = postmortem.crash("SIGSEGV", stack(a, ["0x1"] * 5, 1)).signature == \
        postmortem.crash("SIGSEGV", stack(b, ["0x1"] * 5, 1)).signature
    assert same == (a[:3] == b[:3])


def test_parts_of_a_signature_do_not_run_together():
    assert signature("ab", "c") != signature("a", "bc")


def test_a_report_of_threadsanitizer_has_the_name_that_the_runner_gives_it():
    found = postmortem.sanitizer("WARNING: ThreadSanitizer: data race (pid=12)\n  #0 tenter::PlanCache::Find(int) x.cc:1\n")
    assert found.check == "data_race" and found.title == "ThreadSanitizer: data race in tenter::PlanCache::Find"


def test_a_sanitizer_headline_loses_its_address():
    one = postmortem.sanitizer("==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x60200 at pc 0x1\n")
    two = postmortem.sanitizer("==2==ERROR: AddressSanitizer: heap-use-after-free on address 0x7f200 at pc 0x9\n")
    assert one.signature == two.signature and one.title == "AddressSanitizer: heap-use-after-free"


@given(st.builds(Finding, check=st.text(min_size=1), signature=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
                 title=st.text(), detail=st.text(), contracts=st.lists(st.text()).map(tuple),
                 evidence=st.dictionaries(st.text(), st.integers() | st.text())))
def test_a_finding_survives_json(finding):
    assert finding_from_json(finding_to_json(finding), "x") == finding
