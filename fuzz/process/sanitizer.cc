#include "fuzz/process/sanitizer.h"

#include "runtime/base/atomic.h"

#if defined(TENTER_TSAN)
namespace {
tenter::Atomic<int> races_reported = 0;
}
extern "C" void __tsan_on_report(void* report);
void __tsan_on_report(void*) { races_reported.FetchAdd(1, tenter::kRelaxed); }

// 2026-11-26: the reference count of an exception lives in the C++ library, which is not
// instrumented. Thrown tells the sanitizer of all its own uses, but it cannot tell of what a catch
// block reads after the waiter has let go of its Thrown. When the engine then drops the last one,
// destroying the exception looks like a race with that read. It is suppressed here only, so that
// the self-test of Thrown keeps its power.
extern "C" const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() {
  return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}
#endif
#if defined(TENTER_ASAN)
#include <sanitizer/lsan_interface.h>
#endif

namespace tenter::fuzz {

#if defined(TENTER_TSAN)
int RacesReported() { return races_reported.Load(kRelaxed); }
#else
int RacesReported() { return 0; }
#endif

#if defined(TENTER_ASAN)
bool FoundLeaks() { return __lsan_do_recoverable_leak_check() != 0; }
#else
bool FoundLeaks() { return false; }
#endif

}  // namespace tenter::fuzz
