// Completers: threads that end asynchronous ops of a target, in an order of their own.
//
// Path: body -> Add(use) -> some thread picks any that waits -> use().
//
// Thread safety: Add from any thread; construction and destruction belong to the owner.
// Ownership and lifetime: the destructor runs what was added, and joins.
// Invariants: (1) everything that was added runs, once. (2) ThreadSanitizer sees that it was added
//   before it runs, and no other order: a lock that all bodies share would excuse races of the
//   target.
// Errors: TENTER_CHECK when a thread cannot be started.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/base/tsan.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter::fuzz::target_engine {

class Completers {
 public:
  using Use = std::function<void()>;

  Completers() {
    for (Thread& thread : threads_)
      TENTER_CHECK(thread.Start("completer", [this] { Loop(); }).ok(), "no thread for completions");
  }
  ~Completers() {
    Close();
    for (Thread& thread : threads_) thread.Join();
  }

  void Add(Use use) EXCLUDES(mutex_) {
    auto added = std::make_unique<Use>(std::move(use));
    TsanRelease(added.get());
    UnseenLock lock(mutex_);
    waiting_.push_back(std::move(added));
    changed_.NotifyAll(mutex_);
  }

 private:
  void Loop() {
    while (const std::unique_ptr<Use> use = Take()) {
      TsanAcquire(use.get());
      SleepNs(1);  // about 50 us: others may overtake it
      (*use)();
    }
  }
  // Null when it is to end.
  std::unique_ptr<Use> Take() EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    while (waiting_.empty() && !closed_) changed_.Wait(mutex_);
    if (waiting_.empty()) return nullptr;
    std::swap(waiting_[rng_.Below(waiting_.size())], waiting_.back());
    std::unique_ptr<Use> taken = std::move(waiting_.back());
    waiting_.pop_back();
    return taken;
  }
  void Close() EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll(mutex_);
  }

  UnseenMutex mutex_;
  UnseenCondVar changed_;
  Rng rng_ GUARDED_BY(mutex_){1};
  std::vector<std::unique_ptr<Use>> waiting_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  Thread threads_[2];  // last: they use everything above
};

}  // namespace tenter::fuzz::target_engine
