// FirstUse: oneDNN builds tables of its own in function-local statics when it is first used. Here
// that happens once per process, under a lock, before any kernel is made.
//
// The compiler orders those statics correctly between threads, but the library is not instrumented,
// so ThreadSanitizer does not see that order and reports a race. The lock is a thing that it sees.
//
// Path: MakeKernel -> FirstUse::Await -> one kernel and one reorder are made and run here -> the
// kernel that was asked for.
//
// LOCK ORDER: FirstUse::mutex_ is a leaf, held while the library is used for the first time.
//
// Thread safety: Await from any thread.
// Ownership and lifetime: OfProcess is never destroyed, since kernels may be made by threads that
//   end after main. It holds nothing but whether the first use is over.
// Invariants: what the library built at its first use happened before every return of Await.
// Errors: what the library says, or kResourceExhausted; the next call tries again.
#pragma once

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/base/status.h"

namespace tenter {

class FirstUse {
 public:
  static FirstUse& OfProcess();

  // Returns when the first use is over. Blocks while another thread makes it.
  Status Await() EXCLUDES(mutex_) { return over_.Load(kAcquire) ? Status() : Make(); }

 private:
  Status Make() EXCLUDES(mutex_);

  Mutex mutex_;
  Atomic<bool> over_ = false;  // the release after the first use pairs with the acquire of Await
};

}  // namespace tenter
