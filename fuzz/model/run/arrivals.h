// Arrivals: calls that come one after the other while the one place of an op is taken, and the
// order in which they are served.
//
// The first request is held where its first node begins; each further call is made when the one
// before it sleeps. Then one request after the other is let go, and only when its call has returned
// the next one: so calls return in the order in which they got the place, whatever the threads do.
//
// Path: RunProgram, when all callers have returned -> History::served -> Judge.
//
// Thread safety: called while nobody else calls the op. Blocks until all calls have returned.
// Invariants: nothing is told of a target that says nothing of its nodes, nor of one whose waiting
//   calls do not sleep.
#pragma once

#include "fuzz/model/run/caller.h"
#include "fuzz/model/run/sites.h"

namespace tenter::fuzz::model {

// `callee`: with one op, for several threads, which lets one request run and others wait. `call` is
// one that is answered well. `waiting`: how many calls wait.
Served Arrive(const Callee& callee, const Call& call, int waiting, Sites* sites);

}  // namespace tenter::fuzz::model
