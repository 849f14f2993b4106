// Injected: a fault that a program asks for, as a target is told of it.
//
// Thread safety: pure.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "harness/target/target.h"

namespace tenter::fuzz {

enum class Action { kError, kThrow, kBadAlloc };
inline constexpr std::array<std::string_view, 3> kActions = {"error", "throw", "bad_alloc"};

// `text`: what the error must say, unless it is a lack of memory, which says nothing.
inline void Inject(Action action, const std::string& text, tgt_fault* fault) {
  constexpr tgt_fault_kind kKinds[] = {TGT_FAULT_ERROR, TGT_FAULT_THROW, TGT_FAULT_BAD_ALLOC};
  fault->kind = kKinds[static_cast<size_t>(action)];
  fault->code = TGT_DATA_LOSS;
  std::snprintf(fault->type, sizeof(fault->type), "runtime_error");
  std::snprintf(fault->message, sizeof(fault->message), "%s", text.c_str());
}

}  // namespace tenter::fuzz
