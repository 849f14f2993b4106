// FaultPlan: which faults a run injects where, read from one line of text.
//
//   plan     := item {";" item}
//   item     := site-glob ["@" filter {"," filter}] "=" term {"->" term}
//   term     := {modifier} action
//   filter   := op:GLOB | thread:GLOB | request:N | worker:N
//   modifier := P"%" | nth(K) | every(N) | once
//   action   := a row of fault_actions.h, with its arguments
//
// A term fires when all its modifiers agree; the first term of an item that fires decides, "->"
// leads to the next one otherwise. nth and every count the hits that match site and filters, from
// 1.
//
// Thread safety: a value; parsed once.
// Ownership and lifetime: owns its text.
// Invariants: every item matches at least one known site that allows its action.
// Errors: kInvalidArgument, one line that names the item, the word, its position and the nearest
//    match.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/probe.h"

namespace tenter {

struct FaultTerm {
  std::optional<double> percent;
  std::optional<uint64_t> nth;
  std::optional<uint64_t> every;
  bool once = false;

  uint32_t action = 0;  // of a row of kFaultActions
  std::string type;     // of throw: runtime_error, logic_error, out_of_range, int
  std::string message;  // of throw
  StatusCode code = StatusCode::kInjected;  // of error
  uint64_t delay_us_min = 0, delay_us_max = 0;
  std::string text;  // the action as written, for effective plans
};

struct FaultItem {
  std::string site_glob;
  std::string op_glob = "*";
  std::string thread_glob = "*";
  int64_t request = -1;  // -1: any
  int worker = -2;       // -2: any
  std::vector<FaultTerm> terms;
  std::string text;
};

struct FaultPlan {
  std::vector<FaultItem> items;
};

// Parses `text` (empty: no faults) and checks every name against `sites`.
Result<FaultPlan> ParseFaultPlan(std::string_view text, std::span<const Site* const> sites);

}  // namespace tenter
