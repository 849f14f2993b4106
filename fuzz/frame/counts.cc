#include "fuzz/frame/counts.h"

#include <sys/mman.h>

#include <new>

#include "runtime/base/check.h"

namespace tenter::fuzz {

SharedCounts::SharedCounts() {
  void* memory =
      mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  TENTER_CHECK(memory != MAP_FAILED, "no shared memory for the counts");
  counts_ = new (memory) Counts;
}

SharedCounts::~SharedCounts() { munmap(counts_, sizeof(Counts)); }

}  // namespace tenter::fuzz
