// KeepAnswers: the inputs of an inference workload and the answers of one thread, written down for
// an oracle outside of this process, which shares no code with the target.
//
// Path: ConcurrentInference, before its threads start -> answers.json and answers.bin -> the
// driver.
//
// Thread safety: called once, while no call is running.
// Invariants: (1) the two files are whole before the first concurrent call, so that a crash keeps
//   them. (2) At most kKeptSamples samples and kKeptBytes bytes; answers.json says what was left
//   out. (3) Integers and floats lie as they do in memory, one tensor behind the other.
// Errors: kInternal names the file that could not be written.
#pragma once

#include <cstddef>
#include <string>

#include "harness/workloads/inference/model_inputs.h"
#include "runtime/base/status.h"

namespace tenter {

inline constexpr size_t kKeptSamples = 16;
inline constexpr size_t kKeptBytes = size_t{256} << 20;

Status KeepAnswers(const std::string& directory, const ModelInputs& inputs);

}  // namespace tenter
