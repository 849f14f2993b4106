#include "runtime/graph/fusion/scale.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/graph/fusion/readers.h"
#include "runtime/ops/broadcast.h"

namespace tenter {
namespace {

// Of the inputs of a BatchNormalization.
constexpr size_t kScale = 1, kBias = 2, kVariance = 4;

class Folder {
 public:
  explicit Folder(Graph& graph) : graph_(graph), readers_(graph) {}

  Status Run() {
    for (Node& node : graph_.nodes) TENTER_RETURN_IF_ERROR(Fold(node));
    std::erase_if(graph_.nodes, [](const Node& node) { return node.outputs.empty(); });
    return {};
  }

 private:
  // A normalisation, and the operand of the node behind it that has a number per channel.
  struct Found {
    Node* normalisation;
    Tensor operand;
  };

  const TensorSpec& SpecOf(int value) const {
    return *graph_.values[static_cast<size_t>(value)].spec;
  }

  std::optional<Found> Find(const Node& node) const {
    if ((node.op_type != "Mul" && node.op_type != "Add") || node.inputs.size() != 2) return {};
    for (const size_t carried : {size_t{0}, size_t{1}}) {
      const Tensor* const operand = ConstantAt(graph_, node.inputs[1 - carried]);
      Node* const normalisation = readers_.Only(node.inputs[carried], "BatchNormalization");
      if (operand == nullptr || normalisation == nullptr) continue;
      const TensorSpec& image = SpecOf(node.outputs[0]);
      if (image == SpecOf(normalisation->outputs[0]) && operand->dtype() == DType::kFloat32 &&
          IsPerChannel(operand->shape(), image.shape.dim(1), image.shape.rank()) &&
          IsKnown(*normalisation))
        return Found{normalisation, *operand};
    }
    return {};
  }

  bool IsKnown(const Node& normalisation) const {
    return normalisation.outputs.size() == 1 &&
           ConstantAt(graph_, normalisation.inputs[kScale]) != nullptr &&
           ConstantAt(graph_, normalisation.inputs[kBias]) != nullptr &&
           ConstantAt(graph_, normalisation.inputs[kVariance]) != nullptr;
  }

  Status Fold(Node& node) {
    const std::optional<Found> found = Find(node);
    if (!found) return {};
    Node& normalisation = *found->normalisation;
    const Tensor scale = *ConstantAt(graph_, normalisation.inputs[kScale]);
    const Tensor bias = *ConstantAt(graph_, normalisation.inputs[kBias]);
    const bool is_product = node.op_type == "Mul";
    const auto of_channel = [&](int64_t c) -> double {
      return found->operand.data<float>()[found->operand.shape().NumElements() == 1 ? 0 : c];
    };
    TENTER_ASSIGN_OR_RETURN(Tensor new_scale, Tensor::Allocate(scale.spec()));
    TENTER_ASSIGN_OR_RETURN(Tensor new_bias, Tensor::Allocate(bias.spec()));
    for (int64_t c = 0; c < scale.shape().NumElements(); ++c) {
      const double factor = is_product ? of_channel(c) : 1.0, more = is_product ? 0 : of_channel(c);
      new_scale.mutable_data<float>()[c] = static_cast<float>(scale.data<float>()[c] * factor);
      new_bias.mutable_data<float>()[c] = static_cast<float>(bias.data<float>()[c] * factor + more);
    }
    if (!HasFactors(normalisation, new_scale) || !IsFinite(new_bias)) return {};
    Replace(node, normalisation,
            {AddConstant(std::move(new_scale)), AddConstant(std::move(new_bias))});
    return {};
  }

  // Whether what the kernel multiplies by is finite.
  bool HasFactors(const Node& normalisation, const Tensor& scale) const {
    const Tensor& variance = *ConstantAt(graph_, normalisation.inputs[kVariance]);
    const auto epsilon = normalisation.attributes.Float("epsilon", 1e-5f);
    if (!epsilon.ok()) return false;
    for (int64_t c = 0; c < scale.shape().NumElements(); ++c) {
      const double root = std::sqrt(static_cast<double>(variance.data<float>()[c]) + *epsilon);
      if (!std::isfinite(static_cast<float>(scale.data<float>()[c] / root))) return false;
    }
    return true;
  }

  static bool IsFinite(const Tensor& tensor) {
    const float* const values = tensor.data<float>();
    return std::all_of(values, values + tensor.shape().NumElements(),
                       [](float value) { return std::isfinite(value); });
  }

  int AddConstant(Tensor tensor) {
    graph_.values.push_back({"", tensor.spec(), std::move(tensor)});
    return static_cast<int>(graph_.values.size()) - 1;
  }

  void Replace(Node& last, Node& normalisation, std::pair<int, int> scale_and_bias) {
    Node node = normalisation;
    if (node.stands_for.empty()) node.stands_for.push_back({node.name, node.op_type, node.shapes});
    node.stands_for.push_back({last.name, last.op_type, last.shapes});
    node.inputs[kScale] = scale_and_bias.first;
    node.inputs[kBias] = scale_and_bias.second;
    node.outputs = last.outputs;
    normalisation = {};
    last = std::move(node);
    readers_.SetProducer(last.outputs[0], &last);
  }

  Graph& graph_;
  Readers readers_;
};

}  // namespace

Status FoldScale(Graph& specialised) {
  TENTER_RETURN_IF_ERROR(Folder(specialised).Run());
  return CheckGraph(specialised);
}

}  // namespace tenter
