// Watchdog: ends the process when a case takes too long, and says what was under way.
//
// Thread safety: Begin, SetDescribe and End on the thread that runs the case; it watches on a
//   thread of its own.
// Ownership and lifetime: what SetDescribe got is called until the next SetDescribe or End.
// Invariants: it bites at most once, and that never returns: threads that hang cannot be joined, so
//   the process has to end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz {

class Watchdog {
 public:
  // `bite` gets what was under way and the stacks of all threads; it must end the process.
  // REQUIRES: PrepareThreadStacks.
  Watchdog(int64_t limit_ns, std::function<void(const std::string&)> bite);
  ~Watchdog();

  void Begin() EXCLUDES(mutex_);
  // What says what is under way, called on another thread; null before that is destroyed: from then
  // on nobody asks.
  void SetDescribe(std::function<std::string()> describe) EXCLUDES(mutex_);
  // For a case that has to wait for something by the clock.
  void Extend(int64_t by_ns) EXCLUDES(mutex_);
  void End() EXCLUDES(mutex_);
  int64_t limit_ns() const { return limit_ns_; }

 private:
  void Watch() EXCLUDES(mutex_);

  const int64_t limit_ns_;
  const std::function<void(const std::string&)> bite_;
  Mutex mutex_;
  CondVar changed_;
  int64_t deadline_ns_ GUARDED_BY(mutex_) = 0;  // 0: no case runs
  std::function<std::string()> describe_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace tenter::fuzz
