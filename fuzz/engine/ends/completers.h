// Completers: threads that end asynchronous ops, in an order of their own.
//
// Path: body -> Add(handle, use) -> some thread picks any handle that waits -> use(handle).
//
// Thread safety: Add from any thread; construction and destruction belong to the owner.
// Ownership and lifetime: one for all cases of a process. When use() has returned, its thread
//   touches nothing of the case any more.
// Errors: TENTER_CHECK when a thread cannot be started.
#pragma once

#include "fuzz/engine/ends/handle_queue.h"
#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz {

class Completers {
 public:
  Completers() {
    for (Thread& thread : threads_)
      TENTER_CHECK(thread.Start("completer", [this] { Loop(); }).ok(), "no thread for completions");
  }
  ~Completers() {
    queue_.Close();
    for (Thread& thread : threads_) thread.Join();
  }

  void Add(Completion handle, std::function<void(Completion)> use) {
    queue_.Add({std::move(handle), std::move(use)});
  }

 private:
  void Loop() {
    while (const auto waiting = queue_.Take(HandleQueue::Order::kAny)) {
      SleepNs(1);  // about 50 us: others may overtake it
      waiting->use(std::move(waiting->handle));
    }
  }

  HandleQueue queue_;
  Thread threads_[2];  // last: they use everything above
};

}  // namespace tenter::fuzz
