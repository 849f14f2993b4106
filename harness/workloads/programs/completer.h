// Completer: ends async ops from a thread of its own, in the order in which they ask for it.
//
// Path: body of an async op -> Add(job) -> the job calls the completion.
//
// Thread safety: Add from any thread; Start and destruction belong to the owner.
// Ownership and lifetime: the destructor runs what was added and joins.
// Invariants: every job that was added runs, once.
// Errors: Start returns what starting a thread returns.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace tenter {

class Completer {
 public:
  using Job = std::function<void()>;
  Status Start() {
    return thread_.Start("completer", [this] {
      while (const std::optional<Job> job = Take()) (*job)();
    });
  }
  ~Completer() {
    {
      MutexLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll();
    }
    thread_.Join();
  }
  void Add(Job job) {
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.NotifyOne();
  }

 private:
  std::optional<Job> Take() {
    MutexLock lock(mutex_);
    while (jobs_.empty() && !closing_) changed_.Wait(mutex_);
    if (jobs_.empty()) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  bool closing_ GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace tenter
