// JudgeValues: are the outputs those of the oracle, in every bit unless it allows for slack, and do
// they stay so?
//
// Thread safety: pure.
#pragma once

#include <optional>

#include "fuzz/model/run/history.h"

namespace tenter::fuzz::model {

std::optional<Broken> JudgeValues(const Program& program, const History& history);

}  // namespace tenter::fuzz::model
