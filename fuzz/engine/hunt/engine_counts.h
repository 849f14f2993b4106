// EngineCounts: what programs on the engine hold, as the coverage of a search counts it.
//
// Thread safety: pure.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

std::span<const std::string_view> EngineCountNames();

// Calls `add` with an index into EngineCountNames(), and how often that occurs.
void CountCase(const Program& program, const std::function<void(size_t, uint64_t)>& add);

}  // namespace tenter::fuzz
