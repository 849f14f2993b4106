// JudgeWrongModel: a model that ONNX forbids is refused, when it is made or by each call, with an
// error that names the node; never answered.
//
// Thread safety: pure.
#pragma once

#include <optional>

#include "fuzz/model/run/history.h"

namespace tenter::fuzz::model {

// REQUIRES: the program has a wrong line.
std::optional<Broken> JudgeWrongModel(const Program& program, const History& history);

}  // namespace tenter::fuzz::model
