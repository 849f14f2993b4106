// FirstUse: oneDNN builds tables of its own in function-local statics when it is first used. Here
// that happens once per process, under a lock, before any kernel is made.
//
// The compiler orders the initialisation of statics between threads. But the library is not
// instrumented, so ThreadSanitizer does not see that order and reports a race where there is none.
// It does see our lock.
//
// Path: MakeKernel -> FirstUse::Await -> convolutions of each family and a reorder are made and run
// here -> the kernel that was asked for.
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

  // Uses the library if nobody did. Blocks while another thread does.
  Status Await() EXCLUDES(mutex_) { return over_.Load(kAcquire) ? Status() : Make(); }

 private:
  Status Make() EXCLUDES(mutex_);

  Mutex mutex_;
  Atomic<bool> over_ = false;  // the release of Make pairs with the acquire of Await
};

}  // namespace tenter
