// Lives: from when to when each handle of a history was alive, and what was stopped or closed when.
//
// Path: History -> Lives -> Judge.
//
// Thread safety: read-only after it was made.
// Ownership and lifetime: borrows the history.
#pragma once

#include <map>
#include <vector>

#include "fuzz/api/run/history.h"

namespace tenter::fuzz::api {

// How a handle stands while a call runs. kEither: it went meanwhile.
enum class Standing { kAlive, kEither, kStale };

struct Life {
  const Line* maker;
  Kind kind;
  uintptr_t engine = 0;              // that it was made for, or 0
  std::vector<const Answer*> frees;  // that succeeded
};

class Lives {
 public:
  explicit Lives(const History& history);

  // Of the handles that the call was given, the worst.
  Standing Of(const Answer& answer) const;
  Standing OfScope(const Answer& answer) const;  // that it names, which is not NULL
  // kStale: `engine` was stopped before the call began.
  Standing StoppedEngine(const Answer& answer, uintptr_t engine) const;
  // True when some engine was stopped, or began to, before the call ended.
  bool StoppedAny(const Answer& answer) const;
  // kStale: the iterator of the call was closed before it began.
  Standing Closed(const Answer& answer) const;
  uintptr_t EngineOf(uintptr_t handle) const;
  const Life* FreedTwice() const;

 private:
  Standing OfHandle(const Answer& answer, uintptr_t handle, Kind needed) const;

  const History& history_;
  std::map<uintptr_t, Life> lives_;
};

}  // namespace tenter::fuzz::api
