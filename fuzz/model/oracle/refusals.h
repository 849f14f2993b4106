// Refusals: which nodes a request makes fail, since its numbers ask for what is not there.
//
// ONNX says of Gather that an index is between -size and size - 1 of its axis, and that any other
// is an error. What the indices are may be known at the call only, so it is the request that is
// wrong, and not the model.
//
// Path: Graph, Values -> RefusalsOf -> the judge of errors.
//
// Thread safety: pure.
#pragma once

#include <set>
#include <string>

#include "fuzz/model/oracle/oracle.h"

namespace tenter::fuzz::model {

struct Refusals {
  // Nodes that fail when they run. Those that read what one of them would have made never run, and
  // are not among them.
  std::set<std::string> possible;
  // Of these, the ones whose numbers the outputs need, so that they must run.
  std::set<std::string> sure;
};

// The values whose numbers the outputs need. A shape is known without them.
std::set<std::string> NeededBy(const Graph& graph);

// `values`: those of Compute, in which a refused index has read a zero.
Refusals RefusalsOf(const Graph& graph, const Values& values);

}  // namespace tenter::fuzz::model
