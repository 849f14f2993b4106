// Normalise: drops what no longer makes sense after statements were removed or drawn at random:
// statements of ops that are gone, replays of nothing.
//
// Path: GenerateProgram, Shrink -> Normalise -> Execute.
//
// Thread safety: pure.
// Invariants: afterwards the invariants of program.h hold. Normalising again changes nothing.
#pragma once

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

void Normalise(Program* program);

}  // namespace tenter::fuzz
