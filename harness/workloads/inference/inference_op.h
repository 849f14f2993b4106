// InferenceOp: a cached op as a plan asks for it, on an engine of its own where the target has any.
//
// Thread safety: owner thread only; what the handles stand for is called from any.
// Ownership and lifetime: frees the op, then the engine; borrows stage and model.
// Invariants: the engine is 0 when the target has no engine group.
// Errors: Create returns what the target refused.
#pragma once

#include <string>

#include "harness/workloads/handles.h"
#include "harness/workloads/workload.h"

namespace tenter {

// The way of this name, "" being the target's own; kUnsupported when the target runs none so.
Result<tgt_way> WayOf(const std::string& name, const tgt_target& table);

struct InferenceOp {
  explicit InferenceOp(const Stage& stage) : engine(stage, kEngineHandle), op(stage, kOpHandle) {}

  // `refused` is what the target said, when it refused.
  Status Create(const Stage& stage, tgt_handle model, uint64_t in_flight_max, tgt_error* refused);

  Handle engine, op;
};

}  // namespace tenter
