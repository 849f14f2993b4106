// Properties: those of fuzz/engine of which the interface of a target can tell something.
//
// Thread safety: constants.
// Ownership and lifetime: static storage.
#pragma once

#include <span>
#include <string_view>

#include "fuzz/engine/draw/profile.h"
#include "fuzz/frame/subject.h"

namespace tenter::fuzz::target_engine {

std::span<const Property> Properties();

// The programs of fuzz/engine for the same contract, without what has no word.
// REQUIRES: one of Properties().
Profile ProfileOf(std::string_view contract);

}  // namespace tenter::fuzz::target_engine
