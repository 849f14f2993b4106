// Watchdog: prints progress, and turns a run that stands still into a finding: what is under way,
// where each thread is, and who waits for what.
//
// Thread safety: construction and destruction on the main thread; it runs on a thread of its own.
// Ownership and lifetime: borrows everything; the destructor stops and joins it.
// Invariants: (1) it acts when nothing has moved for watchdog_ms: no step, and no phase that began
//    or ended; in the set-up, before the first step, for ten times that. Never because of the
//    length of a run. (2) a target that does not describe itself in time, since it is stuck there
//    as well, costs the finding that description alone.
// Errors: when it acts it writes finding and summary and ends the process with exit code 1,
//   because stuck threads cannot be joined.
#pragma once

#include <functional>

#include "harness/checks/check_board.h"
#include "harness/workloads/progress.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace tenter {

class Watchdog {
 public:
  // `finish` writes the summary; called once, just before the process ends. `spare`, if there is
  // one, is called first on the thread: no fault may strike whoever watches.
  Watchdog(int64_t watchdog_ms, const Progress* progress, CheckBoard* board,
           std::function<void()> finish, void (*spare)() = nullptr);
  ~Watchdog();

 private:
  void Watch() EXCLUDES(mutex_);
  bool Sleep() EXCLUDES(mutex_);  // false when it must end
  [[noreturn]] void Bite(int64_t limit_ns);
  Finding WhatHangs(int64_t limit_ns) const;
  void Dump() const;
  // As progress_ does, but not for ever.
  std::string Describe() const;

  const int64_t watchdog_ns_;
  const Progress* const progress_;
  CheckBoard* const board_;
  const std::function<void()> finish_;
  void (*const spare_)();
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace tenter
