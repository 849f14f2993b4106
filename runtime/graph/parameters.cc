#include "runtime/graph/parameters.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/graph/large_constant.h"

namespace tenter {
namespace {

// Gives constants one place after another.
class Places {
 public:
  // The offset of the next one.
  size_t Next(size_t bytes) {
    const size_t unit = bytes >= kLargeBytes ? PageBytes() : kMemoryAlignment;
    const size_t at = (end_ + unit - 1) / unit * unit;
    end_ = at + AlignUp(std::max<size_t>(bytes, 1));
    // What comes next must not lie on the last page of a large one.
    if (bytes >= kLargeBytes) end_ = (end_ + unit - 1) / unit * unit;
    return at;
  }
  size_t end() const { return end_; }

 private:
  size_t end_ = 0;
};

// Large constants that nothing reads but convolutions, as their weights.
std::vector<bool> OnlyWeights(const Graph& graph) {
  std::vector<bool> only(graph.values.size(), false);
  const auto as_weights = [](const Node& node, size_t i) {
    return node.op_type == "Conv" && i == 1;
  };
  for (const Node& node : graph.nodes)
    if (node.op_type == "Conv" && node.inputs.size() > 1 && node.inputs[1] >= 0)
      only[static_cast<size_t>(node.inputs[1])] = true;
  for (const Node& node : graph.nodes)
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (node.inputs[i] >= 0 && !as_weights(node, i))
        only[static_cast<size_t>(node.inputs[i])] = false;
  for (const int output : graph.outputs) only[static_cast<size_t>(output)] = false;
  for (size_t i = 0; i < only.size(); ++i) {
    const auto& constant = graph.values[i].constant;
    only[i] = only[i] && constant && constant->dtype() == DType::kFloat32 &&
              constant->size_bytes() >= kLargeBytes;
  }
  return only;
}

}  // namespace

Status SealParameters(Graph& graph) {
  Places planned;
  for (const Value& value : graph.values)
    if (value.constant) planned.Next(value.constant->size_bytes());
  TENTER_ASSIGN_OR_RETURN(const auto pages, ProtectedPages::Allocate(planned.end()));
  Places places;
  for (Value& value : graph.values) {
    if (!value.constant) continue;
    const size_t bytes = value.constant->size_bytes();
    const size_t at = places.Next(bytes);
    value.spec = value.constant->spec();
    if (IsAlone(value)) {
      TENTER_RETURN_IF_ERROR(pages->TakePagesOf(*value.pages, at));
    } else {
      std::memcpy(pages->data() + at, value.constant->raw(), bytes);
    }
    value.constant = Tensor::View(*value.spec, pages, pages->data() + at);
    value.pages = nullptr;
  }
  TENTER_RETURN_IF_ERROR(pages->Seal());
  std::vector<Tensor> weights;
  const std::vector<bool> only = OnlyWeights(graph);
  for (size_t i = 0; i < only.size(); ++i)
    if (only[i]) weights.push_back(*graph.values[i].constant);
  graph.parameters = pages;
  graph.packed = MakePackedWeights(pages, weights);
  return {};
}

Status PinWhatIsRead(const Graph& graph, const Node& node, const Kernel& kernel,
                     ParameterPins* pins) {
  if (graph.packed == nullptr) return {};
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] < 0) continue;
    const auto& constant = graph.values[static_cast<size_t>(node.inputs[i])].constant;
    if (!constant || constant->size_bytes() < kLargeBytes) continue;  // always in memory
    if (!kernel.Reads(i)) {
      GiveBackParameter(*graph.packed, constant->raw());
      continue;
    }
    TENTER_ASSIGN_OR_RETURN(ParameterPin pin, PinParameter(*graph.packed, constant->raw()));
    if (pin != nullptr) pins->push_back(std::move(pin));
  }
  return {};
}

}  // namespace tenter
