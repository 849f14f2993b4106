// Completers: threads that end asynchronous ops of a target, in an order of their own.
//
// Path: body -> Add(use) -> some thread picks any that waits -> use().
//
// Thread safety: Add from any thread; construction and destruction belong to the owner.
// Ownership and lifetime: the destructor runs what was added, and joins.
// Invariants: everything that was added runs, once.
// Errors: TENTER_CHECK when a thread cannot be started.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

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
    MutexLock lock(mutex_);
    waiting_.push_back(std::move(use));
    changed_.NotifyOne();
  }

 private:
  void Loop() {
    while (const Use use = Take()) {
      SleepNs(1);  // about 50 us: others may overtake it
      use();
    }
  }
  // Empty when it is to end.
  Use Take() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (waiting_.empty() && !closed_) changed_.Wait(mutex_);
    if (waiting_.empty()) return nullptr;
    std::swap(waiting_[rng_.Below(waiting_.size())], waiting_.back());
    Use taken = std::move(waiting_.back());
    waiting_.pop_back();
    return taken;
  }
  void Close() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll();
  }

  Mutex mutex_;
  CondVar changed_;
  Rng rng_ GUARDED_BY(mutex_){1};
  std::vector<Use> waiting_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
  Thread threads_[2];  // last: they use everything above
};

}  // namespace tenter::fuzz::target_engine
