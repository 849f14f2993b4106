// OpenBulks: the bulks of an engine, so that what they hold is handed over before their thread
// pushes something else, and before anybody waits.
//
// LOCK ORDER: its lock, then those of the bulks, then all of the engine.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: borrows the bulks, from Join to Leave.
#pragma once

#include <vector>

#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/threaded/threaded_bulk.h"

namespace tenter {

class OpenBulks {
 public:
  explicit OpenBulks(BulkHost* host) : host_(host) {}

  void Join(ThreadedBulk* bulk) EXCLUDES(mutex_);
  void Leave(ThreadedBulk* bulk) EXCLUDES(mutex_);

  // Of the calling thread, before it pushes something else.
  void FlushMine() EXCLUDES(mutex_) {
    if (open_.Load(kRelaxed) > 0) [[unlikely]]
      Flush(CurrentThreadKey(), nullptr);
  }
  // Of all threads, before anybody waits.
  void FlushAll() EXCLUDES(mutex_) {
    if (open_.Load(kSeqCst) > 0) [[unlikely]]
      Flush(kAnyThread, nullptr);
  }
  // The others of the thread of `bulk`.
  void FlushOthers(const ThreadedBulk& bulk) EXCLUDES(mutex_) { Flush(bulk.owner(), &bulk); }

  // Over a fork. Bodies have ended, so nobody who holds a bulk waits for a worker.
  void LockAll() ACQUIRE(mutex_);
  void UnlockAll() RELEASE(mutex_);

 private:
  static constexpr uint64_t kAnyThread = 0;
  void Flush(uint64_t thread, const ThreadedBulk* but) EXCLUDES(mutex_);

  BulkHost* const host_;
  Mutex mutex_;
  std::vector<ThreadedBulk*> bulks_ GUARDED_BY(mutex_);
  Atomic<int> open_ = 0;
};

}  // namespace tenter
