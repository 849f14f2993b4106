// Judge: is there one order of the calls, which their times allow, in which every answer is what a
// sequential iterator answers?
//
// The search is that of Wing and Gong, "Testing and verifying concurrent objects" (1993): the next
// call in the order is one that no other one has ended before; states that were seen are not tried
// again.
//
// Thread safety: pure.
#pragma once

#include <optional>

#include "fuzz/iterator/history.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz::iterator {

std::optional<Finding> Judge(const Program& program, const History& history);

}  // namespace tenter::fuzz::iterator
