// Backlog: makes pushes of a drawn program stand for many ops, so that more is ready, fails or
// depends on one failure than an engine keeps or serves at once.
//
// Thread safety: pure.
// Ownership and lifetime: changes the caller's program, which has one pusher and statements.
#pragma once

#include "fuzz/engine/draw/dice.h"
#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

// `most`: how many ops a push may stand for.
void Multiply(int most, Program* program, Dice* dice);

// The first op must not starve (ENG-10): behind anything, or behind urgent ops alone.
void MakeBacklog(Program* program, Dice* dice);

}  // namespace tenter::fuzz
