// The sequential model: what a program must have done, executed one op at a time in push order.
// Written to be read beside the contracts, not to be fast.
//
// Path: History -> Linearise (push numbers, linearise.cc) -> RunModel -> Judge compares.
//
// Thread safety: pure functions over plain data.
// Ownership and lifetime: borrows program and history.
// Invariants: what it says depends on the order of pushes and on what was cancelled, on nothing
//   else: no worker, no time, no priority.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "fuzz/engine/history/caught.h"
#include "fuzz/engine/model/pushed.h"

namespace tenter::fuzz {

enum class Fate { kRan, kSkipped, kCancelled };

// The state of a var after one of its writes. A var is healthy when no failure reached it.
struct Version {
  uint64_t number = 0;  // of the write; 0: as it was made
  int64_t value = 0;
  std::set<uint64_t> failures;  // push numbers; the smallest is the root (ERR-3)
};

// Whether a plain write replaced a poisoned version (ERR-4).
bool WasHealed(const std::vector<Version>& versions);

// A failure that the engine must know of.
struct ExpectedFailure {
  uint64_t number = 0;
  FailurePlace place = FailurePlace::kBody;
  std::string op;
  Caught caught;  // what a catcher must see (ERR-1, ERR-5)
  // Or this: who cancels an op first is chance.
  std::optional<Caught> or_caught = std::nullopt;
  int scope = 0;           // who is told: this scope, or with 0 whoever waits for all
  bool by_handle = false;  // of what comes after the end: by the handle, not by the body

  // FailureOf of the engine finds what is in its own log: a cancellation is in none, and the
  // failure of an op in a scope is in that of the scope.
  bool in_log_of_engine() const { return place != FailurePlace::kCancelled && scope == 0; }
};

struct ExpectedOp {
  Fate fate = Fate::kRan;
  bool poisoned_input = false;
  std::vector<int64_t> values_read;
};

struct Expectation {
  std::vector<ExpectedOp> ops;                   // as Pushed
  std::vector<std::vector<Version>> versions;    // by instance, in push order
  std::map<uint64_t, ExpectedFailure> failures;  // those that poison, by push number
  std::vector<ExpectedFailure> reported;         // what all WaitForAll together must report (ERR-6)
  std::vector<ExpectedFailure> may_be_reported;  // what comes perhaps, perhaps after the last one
  std::map<uint64_t, std::vector<std::pair<uint64_t, std::string>>> chains;  // ERR-7
  uint64_t ran = 0, failed = 0, skipped = 0, cancelled = 0;
  bool shortened = false;  // more failures reached some var than an engine keeps (ERR-11)
};

// `cancelled` holds the push numbers of the ops that a stop kept from running.
Expectation RunModel(const Program& program, const std::vector<Pushed>& in_push_order,
                     int instances, const std::set<uint64_t>& cancelled);

}  // namespace tenter::fuzz
