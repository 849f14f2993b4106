// Forbidden: whether a wrong line of a program makes its model one that ONNX forbids.
//
// A model that is wrong by an opinion must never be drawn, so only what the documents of the ops
// forbid is here, and of an attribute that is wrong or not by what the node reads, each call's
// size is asked for.
//
// Path: Graph, Values -> IsForbidden -> the program is accepted; the judge wants a refusal.
//
// Thread safety: pure.
#pragma once

#include <span>
#include <string_view>

#include "fuzz/model/oracle/oracle.h"

namespace tenter::fuzz::model {

// The attributes of this op that can be wrong.
std::span<const std::string_view> SpoiltAttributes(std::string_view op);
// `values`: those of Compute of the graph without its wrong line. REQUIRES: it has one.
bool IsForbidden(const Graph& graph, const Values& values);

}  // namespace tenter::fuzz::model
