// RunCase: one program on an engine, judged, together with the processes that it forks.
//
// Thread safety: one case at a time per process, as Execute.
// Ownership and lifetime: borrows the tools.
#pragma once

#include <optional>

#include "fuzz/engine/run/execute.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz {

// The most telling finding of one round, in this process or in a child that it forked. Does not
// return in such a child.
std::optional<Finding> RunCase(const Program& program, const Tools& tools, uint64_t round);

}  // namespace tenter::fuzz
