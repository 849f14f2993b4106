// DrawLongRow: a row of dozens of numbers times a matrix, or its mean.
//
// Kernels go along a row with vectors of up to sixteen numbers, and several of them at once, and
// the axes of small arrays are shorter than that.
//
// Thread safety: pure, but for the dice.
#pragma once

#include "fuzz/model/program/draw_graph.h"

namespace tenter::fuzz::model {

// So many programs of kProgramsForTiles have one.
inline constexpr int kProgramsWithRow = 6;

// A node without its name, of a new input.
Node DrawLongRow(Drawn* drawn);

}  // namespace tenter::fuzz::model
