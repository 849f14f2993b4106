// Completer: ends async ops from a thread of its own, in the order in which they ask for it.
//
// Path: body of an async op -> Add(job) -> the job calls the completion.
//
// What the body did comes before its job, as wherever work is handed on; ThreadSanitizer is told of
// this edge, from one job to itself. It sees nothing else of the queue, which would order the
// bodies among one another in the place of the target.
//
// Thread safety: Add from any thread; Start and destruction belong to the owner.
// Ownership and lifetime: the destructor runs what was added and joins.
// Invariants: every job that was added runs, once.
// Errors: Start returns what starting a thread returns.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/base/tsan.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

class Completer {
 public:
  using Job = std::function<void()>;
  Status Start() {
    return thread_.Start("completer", [this] {
      while (const std::unique_ptr<Job> job = Take()) {
        TsanAcquire(job.get());
        (*job)();
      }
    });
  }
  ~Completer() {
    {
      UnseenLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll(mutex_);
    }
    thread_.Join();
  }
  void Add(Job job) EXCLUDES(mutex_) {
    auto handed = std::make_unique<Job>(std::move(job));
    TsanRelease(handed.get());
    UnseenLock lock(mutex_);
    jobs_.push_back(std::move(handed));
    changed_.NotifyAll(mutex_);
  }

 private:
  // Null when it is to end.
  std::unique_ptr<Job> Take() EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    while (jobs_.empty() && !closing_) changed_.Wait(mutex_);
    if (jobs_.empty()) return nullptr;
    std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  UnseenMutex mutex_;
  UnseenCondVar changed_;
  std::deque<std::unique_ptr<Job>> jobs_ GUARDED_BY(mutex_);
  bool closing_ GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace tenter
