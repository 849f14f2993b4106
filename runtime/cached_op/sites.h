// The fault sites of the cached op.
//
// Thread safety: constants.
// Ownership and lifetime: static storage, no state.
// Invariants: every site is hit by the code.
#pragma once

#include <array>

#include "runtime/base/probe.h"

namespace tenter::cached_op_sites {

inline constexpr Site kPlanCompile{
    "cached_op.plan.compile", kActionThrow | kActionError | kActionDelay | kActionBadAlloc,
    "the compilation of a plan for a new input signature fails or is slow"};
inline constexpr Site kArenaAcquire{"cached_op.arena.acquire",
                                    kActionError | kActionDelay | kActionBadAlloc,
                                    "a request gets no memory for its intermediate values"};
inline constexpr Site kNodeRun{"cached_op.node.run",
                               kActionThrow | kActionError | kActionDelay | kActionBadAlloc,
                               "a node of the model fails when it runs"};
inline constexpr Site kRequestEnd{"cached_op.request.end", kActionDelay,
                                  "all nodes of a request have run, and its caller is told late"};

inline constexpr std::array<const Site*, 4> kAll = {&kPlanCompile, &kArenaAcquire, &kNodeRun,
                                                    &kRequestEnd};

}  // namespace tenter::cached_op_sites
