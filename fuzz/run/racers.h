// Racers: a thread that uses completion handles within microseconds of the deadlines of their ops.
//
// Path: body -> Add(handle, time, job) -> the time has come -> job(handle).
//
// Thread safety: Add from any thread; construction and destruction belong to the owner.
// Ownership and lifetime: one for all cases of a process. After job() the thread touches nothing of
//   the case any more.
// Invariants: entries are taken in the order of Add, each once. The thread spins, so that it is not
//   late by the time that the system takes to wake it.
// Errors: TENTER_CHECK when the thread cannot be started.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/op.h"

namespace tenter::fuzz {

inline void SpinUntil(int64_t time_ns) {
  while (NowNs() < time_ns) SpinPause();
}

class Racers {
 public:
  using Job = void (*)(void* context, Completion handle);

  Racers() {
    TENTER_CHECK(thread_.Start("racer", [this] { Loop(); }).ok(), "no thread for completions");
  }
  ~Racers() {
    {
      MutexLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll();
    }
    thread_.Join();
  }

  void Add(Completion handle, int64_t time_ns, Job job, void* context) {
    MutexLock lock(mutex_);
    entries_.push_back({std::move(handle), time_ns, job, context});
    changed_.NotifyOne();
  }

 private:
  struct Entry {
    Completion handle;
    int64_t time_ns;
    Job job;
    void* context;
  };

  void Loop() {
    while (std::optional<Entry> entry = Take()) {
      SpinUntil(entry->time_ns);
      entry->job(entry->context, std::move(entry->handle));
    }
  }
  std::optional<Entry> Take() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (entries_.empty() && !closing_) changed_.Wait(mutex_);
    if (entries_.empty()) return std::nullopt;
    std::optional<Entry> entry(std::move(entries_.front()));
    entries_.pop_front();
    return entry;
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<Entry> entries_ GUARDED_BY(mutex_);
  bool closing_ GUARDED_BY(mutex_) = false;
  Thread thread_;  // last: it uses everything above
};

}  // namespace tenter::fuzz
