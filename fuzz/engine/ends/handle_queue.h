// HandleQueue: completion handles that other threads are going to use.
//
// Path: body -> Add(handle, use) -> Take on a thread of Completers or Racers -> use(handle).
//
// Thread safety: every method from any thread.
// Ownership and lifetime: owns the handles until they are taken.
// Invariants: (1) every handle that was added is taken once, also after Close. (2) ThreadSanitizer
//   sees that a handle was added before it is used, and no other order: a lock that all bodies
//   share would excuse races of the engine.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "runtime/base/rng.h"
#include "runtime/base/tsan.h"
#include "runtime/base/unseen_mutex.h"
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
    auto added = std::make_unique<WaitingHandle>(std::move(waiting));
    TsanRelease(added.get());
    UnseenLock lock(mutex_);
    waiting_.push_back(std::move(added));
    changed_.NotifyAll(mutex_);
  }
  // Blocks until there is one. Null when the queue is closed and empty.
  std::unique_ptr<WaitingHandle> Take(Order order) EXCLUDES(mutex_) {
    std::unique_ptr<WaitingHandle> taken = TakeUnseen(order);
    if (taken != nullptr) TsanAcquire(taken.get());
    return taken;
  }
  void Close() EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll(mutex_);
  }

 private:
  std::unique_ptr<WaitingHandle> TakeUnseen(Order order) EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    while (waiting_.empty() && !closed_) changed_.Wait(mutex_);
    if (waiting_.empty()) return nullptr;
    if (order == Order::kAny) std::swap(waiting_[rng_.Below(waiting_.size())], waiting_.front());
    std::unique_ptr<WaitingHandle> taken = std::move(waiting_.front());
    waiting_.pop_front();
    return taken;
  }

  UnseenMutex mutex_;
  UnseenCondVar changed_;
  Rng rng_ GUARDED_BY(mutex_){1};
  std::deque<std::unique_ptr<WaitingHandle>> waiting_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenter::fuzz
