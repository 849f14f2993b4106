// DrawTiles: a convolution that a runtime may make of tiles, by fewer products than its sums have.
//
// Such a kernel (Winograd's) pays for 3x3 and many channels and places alone, so that no graph of
// small arrays has one. The image is as small as the rule of ours allows.
//
// Thread safety: pure, but for the dice.
#pragma once

#include "fuzz/model/program/draw_graph.h"

namespace tenter::fuzz::model {

// One program in so many has one: it takes the time of a hundred others.
inline constexpr int kProgramsForTiles = 150;

// A node without its name, of a new input.
Node DrawTiles(Drawn* drawn);
// Whether there is one.
bool HasTiles(const Graph& graph);

}  // namespace tenter::fuzz::model
