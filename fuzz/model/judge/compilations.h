// JudgeCompilations: has an op compiled as often as a cache of that many plans does?
//
// Of calls that came one after the other the number is known while no plan has to go, and behind
// that of a target that promises which one goes: the least recently used one. Where calls met,
// each signature is compiled at most once while none has to go.
//
// Thread safety: pure.
#pragma once

#include <optional>

#include "fuzz/model/run/history.h"

namespace tenter::fuzz::model {

// REQUIRES: the op was looked at when all callers had returned.
std::optional<Broken> JudgeCompilations(const Program& program, const History& history, int op);

}  // namespace tenter::fuzz::model
