// JudgeErrors: has every error a cause, and does every cause have its error?
//
// A strike says its number in its text, which tells whose it is; one that is a lack of memory says
// nothing, and is known by the request and the node that the error names. Of several strikes in one
// request only one can be told.
//
// Thread safety: pure.
#pragma once

#include <optional>

#include "fuzz/model/run/history.h"

namespace tenter::fuzz::model {

std::optional<Broken> JudgeErrors(const Program& program, const History& history);

}  // namespace tenter::fuzz::model
