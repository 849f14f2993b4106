// ModelInputs: seeded inputs of a model's shapes, and the answers of one thread to them.
//
// Thread safety: read-only after Make; Compare from any thread.
// Ownership and lifetime: owns inputs and expected outputs.
// Invariants: expected(i) is what the target answered to inputs(i) in a run of one thread without
//    faults.
// Errors: Make returns what the target refused, naming the step.
#pragma once

#include <string>
#include <vector>

#include "harness/workloads/workload.h"
#include "runtime/base/status.h"

namespace tenter {

// The tensors of one request, and the bytes of its right answer.
struct Sample {
  std::vector<tgt_tensor> inputs;           // data points into `storage`
  std::vector<std::vector<char>> storage;   // one per input
  std::vector<std::vector<char>> pristine;  // what each of them was filled with
  std::vector<std::vector<char>> expected;  // one per output
  std::vector<tgt_tensor> answers;          // what each of them is; without data
};

struct ModelInputsOptions {
  size_t samples = 1;
  uint64_t seed = 1;
  std::string
      input_shape;  // "1,3,48,192", or "x=1,3,48,192;y=1,8" by input name; "" takes the model's own
  int64_t shape_variants =
      1;  // sample i has i % variants more on the first axis that the model leaves open
  bool reference_kernels = false;
  // Of the op that is asked for the expected answers, since the bits may depend on them.
  uint64_t intra_op = 0, grain = 0;
};

class ModelInputs {
 public:
  static Result<ModelInputs> Make(const Stage& stage, tgt_handle model,
                                  const ModelInputsOptions& options);

  size_t size() const { return samples_.size(); }
  const Sample& sample(size_t i) const { return samples_[i]; }
  size_t output_count() const { return output_count_; }

  // An input of sample i with one dimension more than the model allows; data is shared with the
  // sample.
  std::vector<tgt_tensor> Misshaped(size_t i) const;

  // Whether somebody wrote into the inputs of sample i.
  bool IsSpoilt(size_t i) const { return samples_[i].storage != samples_[i].pristine; }

  // The sample whose answer this is, or -1. `wanted` is tried first.
  int64_t WhoseAnswer(const std::vector<tgt_tensor>& outputs, size_t wanted) const;

  // Where the outputs first differ from the answer to sample i, for a person: in form or in value.
  std::string FirstDifference(const std::vector<tgt_tensor>& outputs, size_t i) const;

  // The shapes of the requests for a person, each once: "1x3x48x192, 1x3x48x193".
  std::string Shapes() const;

  // How many different answers there are. With fewer than samples, some mix-ups could not be seen.
  size_t distinct_answers() const;

 private:
  static Result<std::vector<tgt_tensor>> Describe(const TargetInstance& target, tgt_handle model,
                                                  const ModelInputsOptions& options);
  Status Answer(const Stage& stage, tgt_handle model, const ModelInputsOptions& like);
  bool IsAnswer(const std::vector<tgt_tensor>& outputs, size_t i) const;

  std::vector<Sample> samples_;
  size_t output_count_ = 0;
};

}  // namespace tenter
