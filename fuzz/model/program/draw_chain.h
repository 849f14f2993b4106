// DrawChain: what stands behind a node and may become one with it in a runtime.
//
// A runtime folds or fuses a chain when nobody else needs what lies in its middle. So the middle is
// now and then an output, too, or has another reader.
//
// Thread safety: pure, but for the dice.
#pragma once

#include <string>
#include <vector>

#include "fuzz/model/program/draw_graph.h"

namespace tenter::fuzz::model {

// Often of a convolution, into which a runtime may fold it.
Node DrawNormalisation(Drawn* drawn);
// Whether one of its constants has numbers that are not finite.
bool HasStrangeWeights(const Node& node);
// How likely a node is read by the next one, in percent.
int ChanceOfChain(const Node& node);
// A node without its name that reads this value, and which may not fit. One of an epilogue works
// element by element, as what a runtime does in one pass with a convolution or a product.
Node DrawFollower(const std::string& value, bool of_epilogue, Drawn* drawn);
// What a HardSwish of six times `value` is when it is written out, but for a number or an operand
// now and then, which is six times `other`. The nodes have to get the next free names.
std::vector<Node> DrawGate(const std::string& value, const std::string& other, Drawn* drawn);
// What mixes the channels of an image group by group, or almost that. None when `value` has no
// channels that divide. The nodes have to get the next free names.
std::vector<Node> DrawShuffle(const std::string& value, Drawn* drawn);

}  // namespace tenter::fuzz::model
