// PlannedText: what the error of a failing op says, by which it is recognised at a wait.
//
// Thread safety: pure.
#pragma once

#include <string>

#include "fuzz/engine/program/statement.h"

namespace tenter::fuzz::target_engine {

// An op that returns a code, and no text with it.
inline bool IsSilent(const Statement& s) {
  return s.ends == Ends::kSync && s.throws == Type::kStatus && s.op % 2 == 0;
}

// Empty when the error has no text of its own: what is thrown is no std::exception, or is one whose
// text says nothing of its op.
inline std::string PlannedText(const Statement& s) {
  if (s.throws == Type::kRuntimeError) return "planned failure " + std::to_string(s.op);
  if ((s.throws == Type::kStatus && !IsSilent(s)) || s.fails != Type::kNone)
    return "planned status " + std::to_string(s.op);
  return "";
}

}  // namespace tenter::fuzz::target_engine
