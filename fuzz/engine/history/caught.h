// Caught: what a wait threw, told apart by the exceptions that a program plans.
//
// Path: a wait throws -> Identify (run/planned.h) -> Caught -> Judge.
//
// Thread safety: plain data.
// Ownership and lifetime: a value; it keeps nothing of the exception.
#pragma once

#include <string>

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

// Identity of a planned exception thrown by the deleter of a var.
inline int DeleterId(int instance) { return -1 - instance; }

struct Caught {
  enum class What { kNothing, kPlanned, kStatus, kUnknown };
  What what = What::kNothing;
  Type type = Type::kNone;            // kPlanned
  int id = 0;                         // kPlanned
  StatusCode code = StatusCode::kOk;  // kStatus
  std::string text;                   // for a person, and to find names in

  std::string ToText() const;
};

}  // namespace tenter::fuzz
