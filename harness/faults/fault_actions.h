// FaultActions: the one table of what a fault may do. Who reads, checks, injects, judges or sweeps
// faults takes from it what it needs; so does the driver, through the catalogue of the runner.
//
// A new action is a row here. What carries it out stands with whoever does: the target for what it
// is told (`told`), the injector for a delay. One with arguments of a new kind needs a reader in
// fault_plan.cc.
//
// Thread safety: constant.
// Ownership and lifetime: static storage.
// Invariants: (1) names and actions are unique. (2) a sweep and "did you mean" go by this order:
//   failures come before what only takes time, and "off", which does nothing, is the last.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/target/target.h"
#include "runtime/base/probe.h"

namespace tenter {

// What stands in brackets behind an action.
enum class FaultArguments { kNone, kTypeAndMessage, kCode, kMicroseconds };

struct FaultActionType {
  std::string_view name;
  uint32_t action;      // one FaultAction; 0 is "off"
  tgt_fault_kind told;  // what the target is told to do; nothing where the injector does it
  FaultArguments arguments;
  bool fails;  // the op or request that it hits
  // What is known of an error that has no text of its fault.
  std::string_view said;  // that its message contains
  tgt_code code;          // that it has; a lack of memory may be TGT_INTERNAL, too
  // For people, and for a sweep.
  std::string_view written, meaning;
  std::string_view swept;  // an example that parses; empty: not swept
};

inline constexpr std::array<FaultActionType, 6> kFaultActions{{
    {"throw", kActionThrow, TGT_FAULT_THROW, FaultArguments::kTypeAndMessage, true,
     "not a std::exception", TGT_INTERNAL, "throw(TYPE,\"message\")",
     "an exception: runtime_error, logic_error, out_of_range or int",
     "throw(runtime_error,\"swept\")"},
    {"error", kActionError, TGT_FAULT_ERROR, FaultArguments::kCode, true, "", TGT_INTERNAL,
     "error(CODE)", "a status, such as error(data_loss)", "error(data_loss)"},
    {"bad_alloc", kActionBadAlloc, TGT_FAULT_BAD_ALLOC, FaultArguments::kNone, true, "bad_alloc",
     TGT_RESOURCE_EXHAUSTED, "bad_alloc", "no memory", "bad_alloc"},
    {"drop_completion", kActionDropCompletion, TGT_FAULT_DROP_COMPLETION, FaultArguments::kNone,
     true, "completion dropped", TGT_COMPLETION_DROPPED, "drop_completion",
     "an asynchronous op never completes", "drop_completion"},
    {"delay", kActionDelay, TGT_FAULT_NONE, FaultArguments::kMicroseconds, false, "", TGT_OK,
     "delay(US) or delay(LOW..HIGH)",
     "so many microseconds, at most an hour, such as delay(100..500)", "delay(2000)"},
    {"off", 0, TGT_FAULT_NONE, FaultArguments::kNone, false, "", TGT_OK, "off",
     "nothing; before an action: nth(3), every(10), 2.5%, once; after it: -> and the next one", ""},
}};

// The row of one FaultAction, or of 0.
constexpr const FaultActionType& FaultActionOf(uint32_t action) {
  for (const FaultActionType& type : kFaultActions)
    if (type.action == action) return type;
  return kFaultActions.back();
}

// The row of a name; null when it is none.
constexpr const FaultActionType* FindFaultAction(std::string_view name) {
  for (const FaultActionType& type : kFaultActions)
    if (type.name == name) return &type;
  return nullptr;
}

// The names of the actions in `set`, for example {"throw", "delay"}.
inline std::vector<std::string> ActionNames(uint32_t set) {
  std::vector<std::string> names;
  for (const FaultActionType& type : kFaultActions)
    if ((set & type.action) != 0) names.emplace_back(type.name);
  return names;
}

// The name of action 1 << i at place i.
inline std::vector<std::string_view> ActionNamesByBit() {
  std::vector<std::string_view> names;
  for (const FaultActionType& type : kFaultActions) {
    if (type.action == 0) continue;
    const auto place = static_cast<size_t>(std::countr_zero(type.action));
    if (names.size() <= place) names.resize(place + 1);
    names[place] = type.name;
  }
  return names;
}

}  // namespace tenter
