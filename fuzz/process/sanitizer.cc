#include "fuzz/process/sanitizer.h"

#include "runtime/base/atomic.h"

#if defined(TENTER_TSAN)
namespace {
tenter::Atomic<int> races_reported = 0;
}
extern "C" void __tsan_on_report(void* report);
void __tsan_on_report(void*) { races_reported.FetchAdd(1, tenter::kRelaxed); }
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
