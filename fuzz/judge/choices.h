// Choices: which ops may have been cancelled.
//
// Who was cancelled is chance, and an op with a poisoned input that did not run was either skipped
// or cancelled. The counters say how many; Judge tries every choice that fits them.
//
// Thread safety: pure.
#pragma once

#include <set>

#include "fuzz/judge/case.h"

namespace tenter::fuzz {

struct Choices {
  std::set<uint64_t> cancelled;     // surely
  std::vector<uint64_t> ambiguous;  // cancelled or skipped
};

Choices FindChoices(const Case& c, const std::vector<Pushed>& order);

}  // namespace tenter::fuzz
