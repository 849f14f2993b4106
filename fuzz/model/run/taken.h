// Taken: what is asked while the one place of an op is taken.
//
// The first request is held where its first node begins. Then an op that refuses, or is for one
// thread, is called once more. Of one that lets requests wait, several are asked that are answered
// later: of which one is cancelled and one has a deadline, and which have several priorities. Those
// two have to be answered at once, and the others begin when the first one is let go.
//
// Path: RunProgram, when all callers have returned -> History::taken -> Judge.
//
// Thread safety: called while nobody else calls the op. Blocks until all are answered: a request
//   that never is hangs, which the watchdog sees.
// Invariants: nothing is told of a target that says nothing of its nodes, nor of a program whose
//   requests end on the thread that asks.
#pragma once

#include "fuzz/model/run/caller.h"
#include "fuzz/model/run/history.h"
#include "fuzz/model/run/sites.h"

namespace tenter::fuzz::model {

// `callee`: with one op that has one place. `call` is one that is answered well.
Taken AskWhileTaken(const Callee& callee, const Call& call, Sites* sites);

}  // namespace tenter::fuzz::model
