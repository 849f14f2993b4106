// Judge: was every call answered as the state of its handles demands, and every op given back?
//
// A handle is alive from the end of the call that made it to the beginning of the first that frees
// it; a call that overlaps with a free may see either. The same holds for engines that stop and
// iterators that close.
//
// Thread safety: pure.
#pragma once

#include <optional>

#include "fuzz/api/run/history.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz::api {

std::optional<Finding> Judge(const History& history);

}  // namespace tenter::fuzz::api
