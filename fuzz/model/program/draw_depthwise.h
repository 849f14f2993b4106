// DrawDepthwise: a convolution of dozens of channels, each a group, and the bound behind it.
//
// Kernels of such a one take a vector of channels at once, and several numbers of a line, and the
// images of small arrays have neither.
//
// Thread safety: pure, but for the dice.
#pragma once

#include "fuzz/model/program/draw_graph.h"

namespace tenter::fuzz::model {

// So many programs of kProgramsForTiles have one.
inline constexpr int kProgramsWithDepthwise = 6;

// A node without its name, of a new input.
Node DrawDepthwise(Drawn* drawn);
// What may stand behind it, of `value`: a Relu or a Clip.
Node DrawBound(const std::string& value, Drawn* drawn);

}  // namespace tenter::fuzz::model
