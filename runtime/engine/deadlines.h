// Deadlines: async ops that have started and must end by a given time.
//
// One thread sleeps until the earliest deadline; it is started when the first op with a deadline
// comes, so that an engine without deadlines has none.
//
// Thread safety: Add, Remove and Close from any thread; `passed` is called on the thread of its
//   own, with no lock held.
// Ownership and lifetime: borrows the ops between Add and the end of `passed`, or a Remove that
//   answers true.
// Invariants: for each op that was added, either Remove answers true once or `passed` is called
//   once.
// Errors: Start returns kResourceExhausted when there is no thread.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <utility>

#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/pending_op.h"

namespace tenter {

class Deadlines {
 public:
  explicit Deadlines(std::function<void(PendingOp*)> passed) : passed_(std::move(passed)) {}
  ~Deadlines() { Close(); }

  // Starts the thread unless it runs. Call it before the first Add.
  Status Start() EXCLUDES(mutex_);

  // Calls `passed` with `op` when its deadline has passed. REQUIRES: Start was called.
  void Add(PendingOp* op) EXCLUDES(mutex_);

  // Forgets `op`. False when its deadline has passed: then `passed` has been or will be called.
  bool Remove(PendingOp* op) EXCLUDES(mutex_);

  // In the child of a fork: there is no thread. `mutex` was held over the fork.
  void ForgetThread() EXCLUDES(mutex_);
  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }

  // Ends the thread. Ops that are still known are forgotten.
  void Close() EXCLUDES(mutex_);

 private:
  void Loop() EXCLUDES(mutex_);

  const std::function<void(PendingOp*)> passed_;
  Mutex mutex_;
  std::set<std::pair<int64_t, PendingOp*>> ops_ GUARDED_BY(mutex_);
  bool started_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;
  CondVar changed_;
  Thread thread_;  // last: it uses everything above
};

}  // namespace tenter
