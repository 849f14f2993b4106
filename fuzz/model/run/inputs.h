// InputTensors: what a call of a program hands over, in memory of its own; right, or spoilt.
//
// Path: Caller -> InputsFor -> invoke or invoke_async of the target.
//
// Thread safety: belongs to one call.
// Ownership and lifetime: owns the bytes that its tensors refer to; must not be moved under a call.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "fuzz/model/program/program.h"
#include "harness/target/target.h"

namespace tenter::fuzz::model {

struct InputTensors {
  std::list<std::string> bytes;
  std::vector<tgt_tensor> tensors;

  void Add(const Array& array);
};

// The inputs of a right request, or of a wrong one.
InputTensors InputsFor(const Program& program, const Call& call, uint64_t seed);

}  // namespace tenter::fuzz::model
