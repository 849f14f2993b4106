// Choices: which ops may have been cancelled.
//
// An op that did not run although no input is poisoned was cancelled. One with a poisoned input was
// cancelled or skipped, which looks the same from outside. The counters of the engine say how many
// were cancelled; Judge tries every choice that fits them.
//
// Thread safety: pure.
#pragma once

#include <set>

#include "fuzz/engine/judge/case.h"

namespace tenter::fuzz {

struct Choices {
  std::set<uint64_t> cancelled;     // surely; push numbers
  std::vector<uint64_t> ambiguous;  // cancelled or skipped
};

Choices FindChoices(const Case& c, const std::vector<Pushed>& order);

}  // namespace tenter::fuzz
