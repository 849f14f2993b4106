// Smaller programs: what shrinking tries.
//
// Thread safety: pure.
#pragma once

#include <optional>
#include <string>

#include "fuzz/frame/line_shrink.h"

namespace tenter::fuzz::model {

// The program without what no longer fits: nodes whose operands are gone, outputs, faults and calls
// of what is not there. Nothing when too little is left.
std::optional<std::string> Mend(const std::string& program);

// Simpler forms of line `i`, the simplest first.
Lines SimplerLine(const Lines& lines, size_t i);

}  // namespace tenter::fuzz::model
