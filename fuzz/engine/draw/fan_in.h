// Fan-in: many ops that fail, and one that reads what all of them write, so that more failures meet
// in one var than an engine keeps.
//
// Path: Drawing (generate.cc) -> AddFanIn -> statements of a program.
//
// Thread safety: pure.
// Ownership and lifetime: changes the caller's program.
#pragma once

#include "fuzz/engine/draw/dice.h"
#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

inline constexpr int kLeastFanIn = 17, kMostFanIn = 40;

// By pusher 0, at some place: the failing ops in another order than that of their vars, the op that
// reads them, and a wait for what it writes. Its ops have numbers above all others.
void AddFanIn(Program* program, Dice* dice);

}  // namespace tenter::fuzz
