// Injected: a fault that a program asks for, as a target is told of it.
//
// Thread safety: pure.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "harness/faults/fault_actions.h"
#include "harness/target/target.h"

namespace tenter::fuzz {

enum class Action { kError, kThrow, kBadAlloc };
// Beside Action: those of all actions of faults that a program may ask for.
inline constexpr std::array<const FaultActionType*, 3> kInjected = {
    &FaultActionOf(kActionError), &FaultActionOf(kActionThrow), &FaultActionOf(kActionBadAlloc)};
inline constexpr std::array<std::string_view, 3> kActions = {kInjected[0]->name, kInjected[1]->name,
                                                             kInjected[2]->name};

// `text`: what the error must say, unless it is a lack of memory, which says nothing.
inline void Inject(Action action, const std::string& text, tgt_fault* fault) {
  fault->kind = kInjected[static_cast<size_t>(action)]->told;
  fault->code = TGT_DATA_LOSS;
  std::snprintf(fault->type, sizeof(fault->type), "runtime_error");
  std::snprintf(fault->message, sizeof(fault->message), "%s", text.c_str());
}

}  // namespace tenter::fuzz
