#include "runtime/capi/model/output_spec.h"

#include <array>
#include <utility>
#include <vector>

#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

// Far apart, and multiples of what models divide sizes by, so that rounding hides no difference;
// and small ones, for models that take no others.
constexpr std::array<std::pair<int64_t, int64_t>, 2> kSizes = {{{96, 224}, {1, 2}}};

// The output when every dimension that is not fixed is `size`.
std::optional<TensorSpec> SpecAt(const Graph& graph, size_t index, int64_t size) {
  std::vector<TensorSpec> inputs;
  for (const int input : graph.inputs) {
    TensorSpec spec = *graph.values[static_cast<size_t>(input)].spec;
    std::vector<int64_t> dims(spec.shape.dims().begin(), spec.shape.dims().end());
    for (int64_t& dim : dims)
      if (dim == kUnknownDim) dim = size;
    spec.shape = Shape(std::move(dims));
    inputs.push_back(std::move(spec));
  }
  const Result<Graph> special = Specialise(graph, inputs);
  if (!special.ok()) return std::nullopt;
  const Value& value = special->values[static_cast<size_t>(special->outputs[index])];
  return value.constant.has_value() ? value.constant->spec() : value.spec;
}

}  // namespace

std::optional<TensorSpec> OutputSpec(const Graph& graph, size_t index) {
  for (const auto& [small, large] : kSizes) {
    const auto one = SpecAt(graph, index, small), other = SpecAt(graph, index, large);
    if (!one.has_value() || !other.has_value()) continue;
    if (one->shape.rank() != other->shape.rank()) return std::nullopt;
    std::vector<int64_t> dims(one->shape.dims().begin(), one->shape.dims().end());
    for (size_t i = 0; i < dims.size(); ++i)
      if (dims[i] != other->shape.dim(static_cast<int>(i))) dims[i] = kUnknownDim;
    return TensorSpec{one->dtype, Shape(std::move(dims))};
  }
  return std::nullopt;
}

}  // namespace tenter
