// History: everything that a program saw when it ran on an engine, as plain data for Judge.
//
// Thread safety: while the program runs, what a call returned is written by the thread that made
//   it, and a run by the thread that runs the body. Judge reads when the engine is gone.
// Ownership and lifetime: values.
// Invariants: stamps come from one counter; 0 means that it never happened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/engine/history/caught.h"
#include "fuzz/engine/history/handles.h"
#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

struct Span {
  int64_t begin = 0, end = 0;
  bool happened() const { return begin != 0; }
};

// A failure as a wait told of it (ERR-7). Of very many an engine keeps the numbers of some only:
// those have no push number here, nor has an op of a chain of which only the number is known.
struct FailureSeen {
  uint64_t push_number = 0;
  std::string op, thread;
  FailurePlace place = FailurePlace::kBody;
  Caught caught;
  std::vector<std::pair<uint64_t, std::string>> chain;
};

// What one look at a var told: AwaitVar's poison, then WaitForVar's exception.
struct VarSeen {
  StatusCode code = StatusCode::kOk;  // of AwaitVar
  std::vector<FailureSeen> failures;  // root first
  Caught caught;                      // from WaitForVar
  bool has_context = false;           // FailureOf(the exception) answered
  FailureSeen context;
  bool has_value = false;
  int64_t value = 0;
  Span await, wait;
};

// One run of a body or a deleter.
struct RunSeen {
  uint64_t number = 0;  // the push number that the body was told
  int runs = 0;
  Span body;
  bool throws_late = false;
  int64_t end_ns = 0;        // of a body that ends its op: when, as NowNs counts, at the latest
  bool cancel_seen = false;  // the token was requested behind that
  // Of an op that blocks: how often it was woken and when its callback ran first; when the callback
  // was gone for the body, and whether it was still inside then.
  int wakes = 0;
  Span wake;
  int64_t callback_gone = 0;
  bool left_inside = false;
  bool raced = false;  // the body of a racing op began; it touches nothing that others use
  std::vector<int64_t> values_read;  // of its distinct reads, in the order of their instances
};

// An op as the engine told of it when it was looked at.
struct LookedOp {
  std::string name;
  uint64_t number = 0;
  bool has_started = false;
  std::vector<uint32_t> waits_for;  // indices of vars
};

// kPush: the run of the body. kDelete: of the deleter.
struct StatementSeen : RunSeen {
  Span span;
  Handles handles;  // what the letters meant
  StatusCode code = StatusCode::kOk;
  uint64_t push_number = 0;
  int64_t begun_ns = 0, ended_ns = 0;  // the call, as NowNs counts; 0 where it was not made
  VarSeen var;                         // kWait
  Caught caught;                       // kWaitAll, kAwait: what came instead of a report
  std::vector<FailureSeen> reported;   // kWaitAll, kAwait
  bool expired = false;                // kExpired: its scope was cancelled in time
  std::vector<LookedOp> looked;        // kLook
  uint64_t pushes = 0;                 // kRounds: that the engine took
  int values_missing = 0;              // kRounds: that were not there after the wait for them
  int64_t live_after_stop = -1;        // kStop, on a thread
  std::vector<RunSeen> replays;        // kPush, recorded: as they came
  bool refused_later = false;          // kPush in a bulk that was taken and cannot be run (Unfold)
  std::optional<StatusCode> flushed;   // kPush, the last one in its bulk: of the Flush at the end
  std::vector<int> also_uses;          // instances; of the other ops of the replay (Unfold)
};

// What the threads beside the program did, and the first promise that they saw broken.
struct CrowdSeen {
  uint64_t pushes = 0;     // and deletes, that the engine took: each ran
  uint64_t vars_left = 0;  // that were not deleted
  bool cut_off = false;    // in the child of a fork, where nobody knows
  std::string contract, wrong;
};

struct History {
  StatusCode construction = StatusCode::kOk;
  std::vector<StatementSeen> statements;                 // as in the program
  std::vector<VarSeen> final_vars;                       // by instance
  std::vector<std::vector<FailureSeen>> final_reported;  // by the wait-alls of the drain, in turn
  std::vector<std::pair<int, std::vector<FailureSeen>>> final_scopes;  // what each still told then
  EngineCounts counts;                                                 // after the drain
  CrowdSeen crowd;                                                     // after the drain
  int64_t sync_bodies_left = 0;                                        // after the drain
  int64_t bodies_left = 0;                                             // after the engine is gone
  int64_t exceptions_left = 0;                                         // after the engine is gone
  uint64_t programs_alive = 0;     // captured ones, at the end; each has a var of its own
  uint64_t programs_released = 0;  // after their last replay: each deleted its var
  uint64_t stray_runs = 0;         // of recorded bodies, with a number that no replay took (Unfold)
  int live_workers_left = 0;       // threads that a failed construction left behind
};

}  // namespace tenter::fuzz
