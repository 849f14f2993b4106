// Tools: what a process keeps for all cases that it runs.
//
// Ownership and lifetime: borrows everything.
#pragma once

#include "fuzz/engine/beside/forks.h"
#include "fuzz/engine/ends/completers.h"
#include "fuzz/engine/ends/racers.h"
#include "fuzz/process/watchdog.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {

struct Tools {
  Completers* completers;
  Racers* racers;
  Watchdog* watchdog;
  // What a body throws after its op has ended is reported when the body returns, and no wait of the
  // engine waits for that. It comes soon, unless the machine is stuck; what has not been reported
  // after this time counts as lost.
  int64_t patience_ns = kNsPerSecond / 2;
  Forks* forks = nullptr;  // null: the case does not fork

  // In the child of a fork the watchdog has no thread, and perhaps somebody held its lock.
  bool InChild() const { return forks != nullptr && forks->in_child(); }
};

}  // namespace tenter::fuzz
