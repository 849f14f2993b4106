// Judge: what is wrong with a history, by the answers of the oracle and by who was told what.
//
// Right is a call that answers the numbers of the oracle, bit by bit, or an error that has a cause:
// a strike that names this request, its node and its shapes; a request that was wrong; an op that
// was freed or an engine that was stopped before the call ended; so many others inside at one
// moment that there was no room. A failure that is lost makes a wrong answer, so failures are
// looked at first; and what a call gets wrong while no other one runs is COP-9, not COP-1.
//
// Thread safety: pure.
#pragma once

#include <optional>

#include "fuzz/model/run/history.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz::model {

std::optional<Finding> Judge(const Program& program, const History& history);

}  // namespace tenter::fuzz::model
