#include "runtime/graph/fusion/channel_shuffle.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/graph/fusion/readers.h"

namespace tenter {
namespace {

class Folder {
 public:
  explicit Folder(Graph& graph) : graph_(graph), readers_(graph) {}

  Status Run() {
    for (Node& node : graph_.nodes) TENTER_RETURN_IF_ERROR(Fold(node));
    std::erase_if(graph_.nodes, [](const Node& node) { return node.outputs.empty(); });
    return {};
  }

 private:
  struct Written {
    std::array<Node*, 3> nodes;
    int64_t groups;
  };

  const TensorSpec& SpecOf(int value) const {
    return *graph_.values[static_cast<size_t>(value)].spec;
  }

  std::optional<Written> Find(Node& last) const {
    if (last.op_type != "Reshape" || ConstantAt(graph_, last.inputs[0]) != nullptr) return {};
    Node* const transpose = readers_.Only(last.inputs[0], "Transpose");
    Node* const first =
        transpose == nullptr ? nullptr : readers_.Only(transpose->inputs[0], "Reshape");
    if (first == nullptr) return {};
    const auto perm = transpose->attributes.Ints("perm", {});
    if (!perm.ok() || *perm != std::vector<int64_t>{0, 2, 1, 3, 4}) return {};
    const TensorSpec& image = SpecOf(first->inputs[0]);
    const Shape& groups = SpecOf(first->outputs[0]).shape;
    if (image.shape.rank() != 4 || image != SpecOf(last.outputs[0]) || image.size_bytes() == 0)
      return {};
    for (const auto& [axis, of] : {std::pair{0, 0}, {3, 2}, {4, 3}})
      if (groups.dim(axis) != image.shape.dim(of)) return {};
    return Written{{first, transpose, &last}, groups.dim(1)};
  }

  Status Fold(Node& last) {
    const std::optional<Written> found = Find(last);
    if (!found) return {};
    const int input = found->nodes[0]->inputs[0];
    TENTER_ASSIGN_OR_RETURN(const int channels,
                            AddChannels(SpecOf(input).shape.dim(1), found->groups));
    Node node;
    node.name = found->nodes[0]->name;
    node.op_type = "Gather";
    node.attributes.Set("axis", int64_t{1});
    node.inputs = {input, channels};
    node.outputs = last.outputs;
    node.shapes = found->nodes[0]->shapes;
    for (const Node* part : found->nodes)
      node.stands_for.push_back({part->name, part->op_type, part->shapes});
    for (Node* part : found->nodes) *part = {};
    last = std::move(node);
    return {};
  }

  // Which channel of the input each channel of the output is.
  Result<int> AddChannels(int64_t channels, int64_t groups) {
    TENTER_ASSIGN_OR_RETURN(Tensor from, Tensor::Allocate({DType::kInt64, {channels}}));
    for (int64_t c = 0; c < channels; ++c)
      from.mutable_data<int64_t>()[c] = c % groups * (channels / groups) + c / groups;
    graph_.values.push_back({"", from.spec(), std::move(from)});
    return static_cast<int>(graph_.values.size()) - 1;
  }

  Graph& graph_;
  const Readers readers_;
};

}  // namespace

Status FoldChannelShuffle(Graph& specialised) {
  TENTER_RETURN_IF_ERROR(Folder(specialised).Run());
  return CheckGraph(specialised);
}

}  // namespace tenter
