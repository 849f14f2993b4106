// Completers: threads that end asynchronous ops, in an order of their own.
//
// Path: body -> Add(handle, job) -> some thread picks any waiting entry -> job(handle).
//
// Thread safety: Add from any thread; construction and destruction belong to the owner.
// Ownership and lifetime: one for all cases of a process. After job() a thread touches nothing of
//   the case any more.
// Invariants: every entry is taken, once.
// Errors: TENTER_CHECK when a thread cannot be started.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/engine/op.h"

namespace tenter::fuzz {

class Completers {
 public:
  using Job = void (*)(void* context, Completion handle);

  Completers() {
    for (Thread& thread : threads_)
      TENTER_CHECK(thread.Start("completer", [this] { Loop(); }).ok(), "no thread for completions");
  }
  ~Completers() {
    {
      MutexLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll();
    }
    for (Thread& thread : threads_) thread.Join();
  }

  void Add(Completion handle, Job job, void* context) {
    MutexLock lock(mutex_);
    entries_.push_back(std::make_unique<Entry>(Entry{std::move(handle), job, context}));
    changed_.NotifyOne();
  }

 private:
  struct Entry {
    Completion handle;
    Job job;
    void* context;
  };

  void Loop() {
    while (const std::unique_ptr<Entry> entry = Take()) {
      SleepNs(1);  // about 50 us: others may overtake it
      entry->job(entry->context, std::move(entry->handle));
    }
  }
  std::unique_ptr<Entry> Take() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (entries_.empty() && !closing_) changed_.Wait(mutex_);
    if (entries_.empty()) return nullptr;
    std::swap(entries_[rng_.Below(entries_.size())], entries_.back());
    std::unique_ptr<Entry> entry = std::move(entries_.back());
    entries_.pop_back();
    return entry;
  }

  Mutex mutex_;
  CondVar changed_;
  Rng rng_ GUARDED_BY(mutex_){1};
  std::vector<std::unique_ptr<Entry>> entries_ GUARDED_BY(mutex_);
  bool closing_ GUARDED_BY(mutex_) = false;
  Thread threads_[2];
};

}  // namespace tenter::fuzz
