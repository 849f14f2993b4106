// Counted: counts the objects that hold one, so that a leaked body or exception is seen.
//
// Thread safety: any thread.
// Ownership and lifetime: borrows the counter, which outlives every copy.
#pragma once

#include "runtime/base/atomic.h"

namespace tenter::fuzz {

class Counted {
 public:
  explicit Counted(Atomic<int64_t>* live) : live_(live) { live_->FetchAdd(1, kAcqRel); }
  Counted(const Counted& other) : Counted(other.live_) {}
  Counted& operator=(const Counted&) = delete;
  ~Counted() { live_->FetchAdd(-1, kAcqRel); }

 private:
  Atomic<int64_t>* live_;
};

}  // namespace tenter::fuzz
