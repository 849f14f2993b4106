"""Names for bare addresses, by the real symbolizer on a library that is compiled here."""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest

from tenter.cases import postmortem
from tenter.machine import symbols

SOURCE = """\
static inline __attribute__((always_inline)) int inner(volatile int* p) { return *p; }
int outer(volatile int* p) {
  return inner(p) + 1;
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library with debug information, and the address of its function within it."""
    compiler, symbolizer = shutil.which("clang-19") or shutil.which("cc"), shutil.which("llvm-symbolizer-19")
    if compiler is None or symbolizer is None:
        pytest.skip("needs a C compiler and llvm-symbolizer-19")
    folder = tmp_path_factory.mktemp("checkout") / "lib"
    folder.mkdir()
    (folder / "two.c").write_text(SOURCE)
    subprocess.run([compiler, "-g", "-O1", "-shared", "-fPIC", str(folder / "two.c"), "-o", str(folder / "two.so")], check=True)
    table = subprocess.run(["nm", str(folder / "two.so")], capture_output=True, text=True, check=True).stdout
    return folder / "two.so", next(int(line.split()[0], 16) for line in table.splitlines() if line.endswith(" outer"))


def frame(number: int, path, offset: int) -> str:
    return f"    #{number} 0x7f00 ({path}+{offset:#x})\n"


def inlined(path, start: int) -> int:
    """An offset in `outer` that belongs to the body of `inner`."""
    for offset in range(start, start + 64):
        if "in inner" in symbols.named(frame(0, path, offset), path.parents[1]):
            return offset
    raise AssertionError("nothing of inner in the first bytes of outer")


def test_inlined_functions_are_frames_of_their_own_and_paths_are_relative(library):
    path, start = library
    text = "before\n" + frame(0, path, inlined(path, start)) + frame(1, "/no/such/module", 1) + "after\n"
    named = symbols.named(text, path.parents[1]).splitlines()
    assert named[0] == "before" and named[-1] == "after"
    assert named[1].startswith("    #0 0x7f00 in inner lib/two.c:1") and named[2].startswith("    #1 0x7f00 in outer lib/two.c:3")
    assert named[3] == "    #2 0x7f00 (/no/such/module+0x1)", "what is not known stays"


def test_a_crash_is_at_the_inlined_function(library):
    path, start = library
    found = postmortem.crash("SIGSEGV", symbols.named(frame(0, path, inlined(path, start)), path.parents[1]))
    assert found.title == "the process died of SIGSEGV in outer (inner)" and found.evidence["place"] == "lib/two.c:1"


def test_without_a_symbolizer_the_module_is_the_place(library, monkeypatch):
    path, start = library
    monkeypatch.setattr(shutil, "which", lambda name: None)
    text = frame(0, path, start)
    assert symbols.named(text, path.parents[1]) == text.replace(f"{path.parents[1]}/", "")
    assert postmortem.crash("SIGSEGV", text).title == "the process died of SIGSEGV in two.so"


def test_text_that_is_no_frame_is_left_alone(tmp_path):
    text = "#1 is no frame (a+0x)\n  # 2 0x1\n\x00 (x+0x1)\n"
    assert symbols.named(text, tmp_path) == text


@pytest.mark.parametrize("path", ["{root}/lib/two.c", "/another/checkout/lib/two.c", "build/probe/../../lib/two.c",
                                  "/another/build/probe/../../lib/two.c"])
def test_a_path_of_another_checkout_is_the_one_here(library, path):
    root = library[0].parents[1]
    assert symbols.relative(f"in f {path.format(root=root)}:7", root) == "in f lib/two.c:7"
    assert symbols.relative("in f /usr/include/c++/12/two.c:7", root) == "in f /usr/include/c++/12/two.c:7"


@pytest.mark.parametrize("text", ["x" * 200_000, "a/../" * 40_000, "/a" * 100_000, "#0 0x1 in " + "f(" * 50_000, "#0 " * 60_000])
def test_long_text_takes_no_long_time(text, tmp_path):
    """A target prints what it likes. Quadratic time would be minutes here, and this is milliseconds."""
    begin = time.process_time()
    postmortem.crash("SIGSEGV", symbols.named(text, tmp_path))
    assert time.process_time() - begin < 5


def test_what_can_be_no_path_is_left_alone(tmp_path):
    """A component longer than a file system takes made the case an error of the driver."""
    text = f"x /{'a' * 300}/b.cc:12: boom and /{'c/' * 3000}d.cc:1"
    assert symbols.relative(text, tmp_path) == text


def test_an_interrupt_is_not_for_the_symbolizer(library, monkeypatch):
    """Without names the same crash would be another finding."""
    seen = {}
    run = subprocess.run
    monkeypatch.setattr(symbols.subprocess, "run", lambda *a, **k: seen.update(k) or run(*a, **k))
    path, start = library
    assert "in outer" in symbols.named(frame(0, path, start), path.parents[1])
    assert seen["start_new_session"]


HEAP = """free(): invalid size
    #0 0x7f01 in __pthread_kill_implementation ./nptl/pthread_kill.c:44
    #1 0x7f02 in raise sysdeps/posix/raise.c:26
    #2 0x7f03 in abort ./stdlib/abort.c:79
    #3 0x7f04 in malloc_printerr ./malloc/malloc.c:5662
    #4 0x7f05 in _int_free ./malloc/malloc.c:4439
    #5 0x7f06 in cfree ./malloc/malloc.c:3385
    #6 0x5607 in free runtime/base/failing_allocations.cc:165
    #7 0x5608 in mine::Free(void*) src/mine.cc:8
"""


@pytest.mark.parametrize(("text", "title"), [
    (HEAP, "the process died of SIGABRT in mine::Free: free(): invalid size"),
    (HEAP.replace("free(): invalid size", "corrupted size vs. prev_size"),
     "the process died of SIGABRT in mine::Free: corrupted size vs. prev_size"),
    ("terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n    #0 0x1 in F f.cc:1\n",
     "the process died of SIGABRT in F: terminate called after throwing an instance of 'std::bad_alloc': std::bad_alloc"),
    ("CHECK failed: a == b at x.cc:3: no\n    #0 0x1 in F f.cc:1\n", "the process died of SIGABRT in F: CHECK failed: a == b at x.cc:3: no"),
    ("prog: x.c:3: int main(): Assertion `0' failed.\n", "the process died of SIGABRT: prog: x.c:3: int main(): Assertion `0' failed."),
    ("loaded the model\n    #0 0x1 in F f.cc:1\n", "the process died of SIGABRT in F"),
    ("CHECK failed: " + "a" * 500, "the process died of SIGABRT: CHECK failed: " + "a" * 186)])
def test_what_an_abort_said_stands_in_its_title(text, title):
    """A heap that was found damaged was so in the code that used it, and not in the allocator."""
    assert postmortem.crash("SIGABRT", text).title == title


def test_the_way_a_heap_is_found_damaged_makes_no_other_finding():
    other = HEAP.replace("free(): invalid size", "double free or corruption (out)").replace("_int_free", "munmap_chunk")
    assert postmortem.crash("SIGABRT", HEAP).signature == postmortem.crash("SIGABRT", other).signature
