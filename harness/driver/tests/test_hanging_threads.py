"""Of a hang the terminal shows the thread that hangs, and not the fuzzer that waits for it."""

from __future__ import annotations

from tenter.machine import symbols
from tenter.machine.threads import WAITERS, ordered

MAIN = """thread 10 iterator_fuzz
    #0 0x1 in __futex_abstimed_wait_common ./nptl/futex-internal.c:57
    #1 0x2 in std::thread::join() (/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30+0xd4516)
    #2 0x3 in RunTogether<Consumer> fuzz/target/together.h:30
    #3 0x4 in RunOnce(Subject const&) fuzz/frame/trial.cc:34
    #4 0x5 in tenter::fuzz::RunInChild(std::function<void ()> const&) fuzz/process/child.cc:151
    #5 0x6 in Minimise fuzz/frame/minimise.cc:100
"""
HANGS = """thread 12 c1, and 1 other: c2
    #0 0x1 in __futex_abstimed_wait_common ./nptl/futex-internal.c:57
    #1 0x2 in tenter::CondVar::Wait(tenter::Mutex&) runtime/base/mutex.h:50
    #2 0x3 in tenter::Prefetcher::Next() runtime/io/prefetcher.cc:80
    #3 0x4 in Consumer::Next fuzz/iterator/run.cc:90
"""
BEFORE = "c1 is in next\n\nWhere its threads are:\n"


def test_who_waits_for_the_others_comes_last_and_without_its_callers():
    shown = ordered(BEFORE + MAIN + HANGS + "and 2 more threads, with other stacks\n")
    assert shown == (BEFORE + HANGS + f"{WAITERS}\n" + MAIN[:MAIN.index("    #3")] + "    and 3 more, of the fuzzer\n"
                     "and 2 more threads, with other stacks\n")


def test_a_thread_in_a_library_without_sources_is_one_that_hangs():
    inside = HANGS.replace("in tenter::Prefetcher::Next() runtime/io/prefetcher.cc:80", "(/home/me/libmine.so+0x1a2b)")
    assert ordered(MAIN + inside).startswith(inside)
    assert ordered(inside.rstrip("\n")) == inside


def test_a_body_that_waits_below_a_worker_of_the_runtime_hangs_and_an_idle_helper_of_the_fuzzer_does_not():
    worker = HANGS.replace("runtime/io/prefetcher.cc:80", "fuzz/engine/run/body.cc:9").replace("fuzz/iterator/run.cc:90", "runtime/engine/worker.cc:3")
    helper = HANGS.replace("runtime/io/prefetcher.cc:80", "fuzz/engine/ends/completers.h:34").replace("    #3", "    #3 0x4 in clone3 sysdeps/clone3.S:81\n    #4")
    assert ordered(helper + worker) == f"{worker}{WAITERS}\n{helper}"
    assert ordered(worker.replace("Wait(tenter::Mutex&)", "Wait(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char>> const&)")
                   ) == worker.replace("Wait(tenter::Mutex&)", "Wait(std::string const&)")


def test_what_has_no_such_stacks_stays(tmp_path):
    plain = "op1 began too early\nthread t0 pushes op1\n"
    assert ordered(plain) == plain and ordered("") == ""
    assert ordered(symbols.named(BEFORE + "thread 10 main\n    does not answer\n", tmp_path)).endswith("    does not answer\n")


def test_a_main_thread_inside_the_runtime_stays_first():
    mine = MAIN.replace("fuzz/target/together.h:30", "runtime/engine/engine.cc:30")
    assert ordered(BEFORE + mine + HANGS) == BEFORE + mine[:mine.index("    #3")] + "    and 3 more, of the fuzzer\n" + HANGS
