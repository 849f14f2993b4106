// Racers: a thread that uses completion handles within microseconds of the deadlines of their ops.
//
// Path: body -> Add(handle, time, use) -> the time has come -> use(handle).
//
// Thread safety: Add from any thread; construction and destruction belong to the owner.
// Ownership and lifetime: one for all cases of a process. When use() has returned, the thread
//   touches nothing of the case any more.
// Invariants: handles are used in the order of Add. The thread spins while it waits for the time,
//   so that it is not late by the time that the system takes to wake it.
// Errors: TENTER_CHECK when the thread cannot be started.
#pragma once

#include "fuzz/engine/ends/handle_queue.h"
#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz {

inline void SpinUntil(int64_t time_ns) {
  while (NowNs() < time_ns) SpinPause();
}

class Racers {
 public:
  Racers() {
    TENTER_CHECK(thread_.Start("racer", [this] { Loop(); }).ok(), "no thread for completions");
  }
  ~Racers() {
    queue_.Close();
    thread_.Join();
  }

  void Add(Completion handle, int64_t time_ns, std::function<void(Completion)> use) {
    queue_.Add({std::move(handle), std::move(use), time_ns});
  }

 private:
  void Loop() {
    while (const auto waiting = queue_.Take(HandleQueue::Order::kOldest)) {
      SpinUntil(waiting->time_ns);
      waiting->use(std::move(waiting->handle));
    }
  }

  HandleQueue queue_;
  Thread thread_;  // last: it uses everything above
};

}  // namespace tenter::fuzz
