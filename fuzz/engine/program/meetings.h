// Meetings: ops whose bodies wait until the body of another op has begun, so that an engine which
// runs two ready ops one after the other, while a worker has nothing to do, hangs.
//
// Path: Normalise -> NormaliseMeetings -> the meetings that every engine has to bring about.
//
// Thread safety: pure.
// Invariants: what is left ends on every engine that keeps its contracts. (1) One worker more than
//   there are meetings, and all of them can be started: so some worker never waits in a body.
//   (2) Whoever pushes the op that is waited for does so without waiting for ops first. (3) No op
//   that it has to wait for has to wait for the op that waits, whichever order the pushes of
//   several threads take, and whatever the other meetings are. So of all ops that have not begun,
//   one can.
#pragma once

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

// Takes back the meetings that cannot be promised. REQUIRES: the rest is normalised.
void NormaliseMeetings(Program* program);

}  // namespace tenter::fuzz
