// Properties: one per contract of the engine. A property is a kind of program, and what Judge
// compares when such a program has run.
//
// Every comparison is made for every program; the profile of a property makes the programs in which
// its contract has something to say frequent.
//
// Thread safety: constants.
// Ownership and lifetime: static storage.
// Invariants: every ENG and ERR contract has exactly one property (properties_test.cc).
// Errors: FindProperty answers null for an unknown name.
#pragma once

#include <span>
#include <string_view>

#include "fuzz/engine/draw/profile.h"

namespace tenter::fuzz {

struct EngineProperty {
  std::string_view contract;
  std::string_view compares;  // one sentence
  Profile profile;
};

std::span<const EngineProperty> Properties();
const EngineProperty* FindProperty(std::string_view contract);

}  // namespace tenter::fuzz
