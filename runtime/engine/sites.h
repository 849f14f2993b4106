// The fault sites of the engine: named places that a run may observe or make fail.
//
// Thread safety: constants.
// Ownership and lifetime: static storage, no state.
// Invariants: every site is hit by the code (harness/run's catalogue test checks it in a run).
#pragma once

#include <array>

#include "runtime/base/probe.h"

namespace tenter::engine_sites {

inline constexpr Site kPushAllocate{"engine.push.allocate", kActionBadAlloc | kActionDelay,
                                    "a push cannot allocate: nothing may have been enqueued"};
inline constexpr Site kWorkerStart{
    "engine.worker.start", kActionError,
    "a worker thread cannot be started: construction fails and joins the others; one that was idle "
    "and ended stays away, and others do its work"};
inline constexpr Site kBeforeDispatch{
    "engine.op.before_dispatch", kActionDelay,
    "a ready op was taken by a worker and has not looked at its inputs yet"};
inline constexpr Site kBody{"engine.op.body",
                            kActionThrow | kActionError | kActionDelay | kActionBadAlloc,
                            "the body of an op fails before its first statement"};
inline constexpr Site kComplete{
    "engine.op.complete", kActionDropCompletion | kActionDelay,
    "the completion of an op is late, or its handle is destroyed without being called"};
inline constexpr Site kClaim{"engine.op.claim", kActionDelay,
                             "the body or the handle of an async op has looked whether it has "
                             "ended, and is about to end it"};
inline constexpr Site kDeleter{"engine.var.deleter", kActionThrow | kActionDelay,
                               "the deleter of a var throws"};
inline constexpr Site kDeleted{"engine.var.deleted", kActionDelay,
                               "the handles of a deleted var are stale, and its slot is not free "
                               "for a new one yet"};

inline constexpr std::array<const Site*, 8> kAll = {&kPushAllocate, &kWorkerStart, &kBeforeDispatch,
                                                    &kBody,         &kComplete,    &kClaim,
                                                    &kDeleter,      &kDeleted};

}  // namespace tenter::engine_sites
