// HandleQueue: completion handles that other threads are going to use.
//
// Path: body -> Add(handle, use) -> Take on a thread of Completers or Racers -> use(handle).
//
// Thread safety: every method from any thread.
// Ownership and lifetime: owns the handles until they are taken.
// Invariants: every handle that was added is taken once, also after Close.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "runtime/base/mutex.h"
#include "runtime/base/rng.h"
#include "runtime/engine/completion.h"

namespace tenter::fuzz {

struct WaitingHandle {
  Completion handle;
  std::function<void(Completion)> use;
  int64_t time_ns = 0;  // when, as NowNs counts; for Racers
};

class HandleQueue {
 public:
  enum class Order { kOldest, kAny };

  void Add(WaitingHandle waiting) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    waiting_.push_back(std::make_unique<WaitingHandle>(std::move(waiting)));
    changed_.NotifyOne();
  }
  // Blocks until there is one. Null when the queue is closed and empty.
  std::unique_ptr<WaitingHandle> Take(Order order) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (waiting_.empty() && !closed_) changed_.Wait(mutex_);
    if (waiting_.empty()) return nullptr;
    if (order == Order::kAny) std::swap(waiting_[rng_.Below(waiting_.size())], waiting_.front());
    std::unique_ptr<WaitingHandle> taken = std::move(waiting_.front());
    waiting_.pop_front();
    return taken;
  }
  void Close() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  Rng rng_ GUARDED_BY(mutex_){1};
  std::deque<std::unique_ptr<WaitingHandle>> waiting_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenter::fuzz
