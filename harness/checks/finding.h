// Finding: one broken contract, with its evidence.
//
// Thread safety: a value.
// Ownership and lifetime: owns its text.
// Invariants: the signature depends on the check and on `what` alone: no address, time, thread id
//   or count, so the same defect has the same signature in another run.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "harness/checks/catalogue.h"

namespace tenter {

struct Finding {
  const CheckType* check;
  // The one of the check's that broke, or two that the evidence cannot tell apart ("ITR-3 ITR-2");
  // empty when nobody can tell.
  std::string_view contract = {};
  std::string what;         // the kind of defect, stable between runs: "answer of another request"
  std::string title;        // one line for a person
  std::string detail = {};  // several lines
  std::map<std::string, std::string> evidence = {};

  // Sixteen hex digits.
  std::string signature() const;
};

}  // namespace tenter
