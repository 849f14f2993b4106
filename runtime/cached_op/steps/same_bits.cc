#include "runtime/cached_op/steps/same_bits.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include "runtime/cached_op/steps/stepped_plan.h"
#include "runtime/graph/rows/rows_apart.h"

namespace tenter {
namespace {

// The rows of one of several requests in what they made together.
std::span<const std::byte> RowsIn(const Tensor& many, const Tensor& one, size_t request) {
  const size_t first = many.size_bytes() == one.size_bytes() ? 0 : request * one.size_bytes();
  return {static_cast<const std::byte*>(many.raw()) + first, one.size_bytes()};
}

float Difference(const Tensor& one, std::span<const std::byte> rows) {
  float largest = 0;
  if (one.dtype() != DType::kFloat32) return largest;
  for (int64_t i = 0; i < one.shape().NumElements(); ++i) {
    float other = 0;
    std::memcpy(&other, rows.data() + static_cast<size_t>(i) * sizeof other, sizeof other);
    largest = std::max(largest, std::fabs(other - one.data<float>()[i]));
  }
  return largest;
}

class Comparison {
 public:
  Comparison(SteppedPlan many, std::vector<SteppedPlan> alone)
      : many_(std::move(many)), alone_(std::move(alone)) {}

  BitsTogether Run() {
    const auto steps = many_.plan().steps(), one = alone_[0].plan().steps();
    bits_.same_steps = std::equal(steps.begin(), steps.end(), one.begin(), one.end(),
                                  [](const PlanStep& a, const PlanStep& b) {
                                    return a.name == b.name &&
                                           a.kernel->implementation() == b.kernel->implementation();
                                  });
    for (size_t i = 0; i < steps.size(); ++i) {
      many_.Run(i);
      if (!bits_.same_steps) continue;
      for (SteppedPlan& alone : alone_) alone.Run(i);
      if (!bits_.first && !IsSame(i)) bits_.first = i;
    }
    if (!bits_.same_steps)
      for (SteppedPlan& alone : alone_)
        for (size_t i = 0; i < one.size(); ++i) alone.Run(i);
    for (size_t i = 0; i < alone_.size(); ++i) Compare(many_.results(), alone_[i].results(), i);
    return bits_;
  }

 private:
  bool IsSame(size_t step) {
    for (size_t request = 0; request < alone_.size(); ++request)
      for (size_t i = 0; i < many_.made(step).size(); ++i) {
        const Tensor& one = alone_[request].made(step)[i];
        if (!one.defined()) continue;
        const auto rows = RowsIn(many_.made(step)[i], one, request);
        if (std::memcmp(rows.data(), one.raw(), rows.size()) != 0) return false;
      }
    return true;
  }

  void Compare(std::span<const Tensor> many, std::span<const Tensor> alone, size_t request) {
    for (size_t i = 0; i < alone.size(); ++i) {
      const auto rows = RowsIn(many[i], alone[i], request);
      if (std::memcmp(rows.data(), alone[i].raw(), rows.size()) == 0) continue;
      bits_.same_results = false;
      bits_.largest = std::max(bits_.largest, Difference(alone[i], rows));
    }
  }

  SteppedPlan many_;
  std::vector<SteppedPlan> alone_;
  BitsTogether bits_;
};

}  // namespace

Result<BitsTogether> CompareBits(const Graph& graph, std::span<const TensorSpec> signature,
                                 const PlanOptions& options, size_t requests, uint64_t seed) {
  PlanOptions looks = options, together = options;
  looks.batches = true;
  together.requests = requests;
  TENTER_ASSIGN_OR_RETURN(const auto one, Plan::Compile(graph, signature, looks));
  TENTER_RETURN_IF_ERROR(one->rows_apart());
  TENTER_ASSIGN_OR_RETURN(const auto rows, TimesRows(signature, requests));
  TENTER_ASSIGN_OR_RETURN(const auto many, Plan::Compile(graph, rows, together));
  TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> all, Tensor::AllocateAll(rows));
  std::vector<SteppedPlan> alone;
  for (size_t request = 0; request < requests; ++request) {
    TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> inputs, DrawInputs(signature, seed + request));
    for (size_t i = 0; i < inputs.size(); ++i)
      std::memcpy(static_cast<std::byte*>(all[i].mutable_raw()) + request * inputs[i].size_bytes(),
                  inputs[i].raw(), inputs[i].size_bytes());
    TENTER_ASSIGN_OR_RETURN(SteppedPlan stepped, SteppedPlan::Make(one, std::move(inputs)));
    alone.push_back(std::move(stepped));
  }
  TENTER_ASSIGN_OR_RETURN(SteppedPlan stepped, SteppedPlan::Make(many, std::move(all)));
  try {
    return Comparison(std::move(stepped), std::move(alone)).Run();
  } catch (const StatusError& error) {
    return error.status();
  }
}

}  // namespace tenter
