// Look: waits on an engine and writes down what they told.
//
// Thread safety: any thread that may wait.
// Ownership and lifetime: copies everything; no exception of the engine outlives the call.
// Invariants: whatever a wait throws is written down, not thrown on.
#pragma once

#include <functional>
#include <vector>

#include "fuzz/engine/history/history.h"
#include "runtime/engine/engine.h"

namespace tenter::fuzz {

// AwaitVar, then WaitForVar and FailureOf. `stamp` gives the times of the calls.
void LookAtVar(Engine& engine, Var var, const std::function<int64_t()>& stamp, VarSeen* seen);

// WaitForAll: the failures of its AggregateError, or what else it threw.
void LookAtAll(Engine& engine, std::vector<FailureSeen>* reported, Caught* caught);

// A snapshot, its text, the counts and the latest failure: asking must neither race nor crash nor
// wait for long. The ops of the snapshot.
std::vector<LookedOp> LookAtEngine(const Engine& engine);

// FailureScope::Await: the failures of its report, or its refusal.
void LookAtScope(FailureScope& scope, std::vector<FailureSeen>* reported, Caught* caught);

}  // namespace tenter::fuzz
