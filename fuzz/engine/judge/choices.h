// Choices: which ops may have been cancelled.
//
// An op that did not run although no input is poisoned was cancelled. One with a poisoned input was
// cancelled or skipped, which looks the same from outside. The counters of the engine say how many
// were cancelled; JudgeEveryChoice tries every choice that fits them.
//
// Thread safety: pure.
#pragma once

#include <functional>
#include <set>

#include "fuzz/engine/judge/case.h"
#include "fuzz/engine/model/model.h"

namespace tenter::fuzz {

struct Choices {
  std::set<uint64_t> cancelled;     // surely; push numbers
  std::vector<uint64_t> ambiguous;  // cancelled or skipped
};

Choices FindChoices(const Case& c, const std::vector<Pushed>& order);

// `judge` compares the case with what the model says of one choice. Nothing is reported when one of
// them has no finding, or when there are too many of them.
using JudgeChoice = std::function<void(const Case&, const Expectation&)>;
void JudgeEveryChoice(const Case& c, const std::vector<Pushed>& order, const JudgeChoice& judge);

}  // namespace tenter::fuzz
