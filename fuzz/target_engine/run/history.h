// TargetHistory: what a program saw on the engine of a target, as plain data for Judge.
//
// Thread safety: as History.
// Ownership and lifetime: values.
#pragma once

#include <string>
#include <vector>

#include "fuzz/engine/history/history.h"
#include "harness/target/target.h"

namespace tenter::fuzz::target_engine {

// What a wait answered, or one failure that a wait for all told of.
struct Answer {
  tgt_code code = TGT_OK;
  uint64_t push_number = 0, chain_length = 0;
  std::string op, place, type, message;
};

struct VarWait {
  Span span;
  int instance = -1;
  Answer answer;
  bool has_value = false;  // nobody wrote the var when the wait returned
  int64_t value = 0;
};

struct AllWait {
  Span span;
  Answer answer;
  std::vector<Answer> failures;
};

struct TargetHistory {
  Answer created, stopped, freed;  // the engine: by its first, its last but one and its last call
  History calls;                   // stamps, handles, runs and counts; nothing of what waits told
  std::vector<VarWait> var_waits;  // by statement
  std::vector<AllWait> all_waits;  // by statement
  std::vector<std::vector<VarWait>> last_var_waits;  // when all has ended: rounds, by instance
  std::vector<AllWait> last_all_waits;
  std::vector<int> releases;  // by statement: how often the argument of a push was released
};

// The two list the same codes; a number that is none counts as an internal error.
inline StatusCode CodeOf(tgt_code code) {
  static_assert(static_cast<int>(StatusCode::kDeadlineExceeded) == TGT_DEADLINE_EXCEEDED &&
                static_cast<int>(StatusCode::kStopped) == TGT_STOPPED &&
                static_cast<int>(StatusCode::kStaleHandle) == TGT_STALE_HANDLE &&
                static_cast<int>(StatusCode::kCompletionDropped) == TGT_COMPLETION_DROPPED);
  return code < 0 || code > TGT_DEADLINE_EXCEEDED ? StatusCode::kInternal
                                                  : static_cast<StatusCode>(code);
}

}  // namespace tenter::fuzz::target_engine
