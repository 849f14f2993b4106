#include "fuzz/model/oracle/forbidden.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "fuzz/model/oracle/refusals.h"

namespace tenter::fuzz::model {
namespace {

// One attribute in place of a node's own, and what the node reads.
struct Spoilt {
  const Node& node;
  const Dims numbers;
  const Array& x;
  const Array* weights;  // of a Conv

  int64_t rank() const { return x.rank(); }
  bool Any(auto is_wrong) const { return std::any_of(numbers.begin(), numbers.end(), is_wrong); }
  bool AnyBelow(int64_t least) const {
    return Any([least](int64_t number) { return number < least; });
  }
};
using Rule = bool (*)(const Spoilt& spoilt);

bool IsOutside(int64_t axis, int64_t rank) { return axis < -rank || axis >= rank; }

bool AxisIsWrong(const Spoilt& s) {
  if (s.numbers.size() != 1) return false;
  // Flatten may have all axes before its one.
  const bool may_be_rank = s.node.op == "Flatten" && s.numbers[0] == s.rank();
  return !may_be_rank && IsOutside(s.numbers[0], s.rank());
}

bool NamesTwice(Dims axes, int64_t rank) {
  for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::sort(axes.begin(), axes.end());
  return std::adjacent_find(axes.begin(), axes.end()) != axes.end();
}

bool AxesAreWrong(const Spoilt& s) {
  const bool adds = s.node.op == "Unsqueeze";
  const int64_t rank = s.rank() + (adds ? static_cast<int64_t>(s.numbers.size()) : 0);
  if (s.Any([rank](int64_t axis) { return IsOutside(axis, rank); })) return true;
  if (adds) return NamesTwice(s.numbers, rank);
  return s.node.op == "Squeeze" && s.Any([&s, rank](int64_t axis) {
    return s.x.dims[static_cast<size_t>(axis < 0 ? axis + rank : axis)] != 1;
  });
}

size_t WindowAxes(const Spoilt& s) { return s.x.dims.size() - 2; }
bool StepsAreWrong(const Spoilt& s) { return s.numbers.size() != WindowAxes(s) || s.AnyBelow(1); }
bool WindowPadsAreWrong(const Spoilt& s) {
  return s.numbers.size() != 2 * WindowAxes(s) || s.AnyBelow(0);
}
bool KernelIsWrong(const Spoilt& s) {
  if (s.weights == nullptr) return StepsAreWrong(s);
  return s.numbers != Dims(s.weights->dims.begin() + 2, s.weights->dims.end());
}
bool GroupIsWrong(const Spoilt& s) {
  if (s.numbers.size() != 1 || s.weights == nullptr) return false;
  const int64_t groups = s.numbers[0];
  return groups < 1 || s.weights->dims[0] % groups != 0 ||
         s.x.dims[1] != s.weights->dims[1] * groups;
}

bool PermIsWrong(const Spoilt& s) {
  return static_cast<int64_t>(s.numbers.size()) != s.rank() || s.AnyBelow(-s.rank()) ||
         s.Any([&s](int64_t axis) { return axis >= s.rank(); }) || NamesTwice(s.numbers, s.rank());
}

bool PartsAreWrong(const Spoilt& s) {
  const auto axis = static_cast<int64_t>(s.node.Number("axis", 0));
  const int64_t size = s.x.dims[static_cast<size_t>(axis < 0 ? axis + s.rank() : axis)];
  return s.AnyBelow(0) || std::accumulate(s.numbers.begin(), s.numbers.end(), int64_t{0}) != size;
}

bool ShapeIsWrong(const Spoilt& s) {
  const bool all_told = !s.numbers.empty() && !s.AnyBelow(1);
  return s.AnyBelow(-1) || std::count(s.numbers.begin(), s.numbers.end(), -1) > 1 ||
         (all_told && CountOf(s.numbers) != CountOf(s.x.dims));
}

bool PadsAreWrong(const Spoilt& s) { return s.numbers.size() != 2 * s.x.dims.size(); }

struct Row {
  std::string_view op;
  std::vector<std::string_view> attributes;
  std::vector<Rule> rules;
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = {
      {"Concat", {"axis"}, {AxisIsWrong}},
      {"Split", {"axis", "parts"}, {AxisIsWrong, PartsAreWrong}},
      {"Gather", {"axis"}, {AxisIsWrong}},
      {"Flatten", {"axis"}, {AxisIsWrong}},
      {"Squeeze", {"axes"}, {AxesAreWrong}},
      {"Unsqueeze", {"axes"}, {AxesAreWrong}},
      {"ReduceMean", {"axes"}, {AxesAreWrong}},
      {"Slice", {"axes"}, {AxesAreWrong}},
      {"Transpose", {"perm"}, {PermIsWrong}},
      {"Reshape", {"shape"}, {ShapeIsWrong}},
      {"Pad", {"pads"}, {PadsAreWrong}},
      {"Conv",
       {"strides", "dilations", "pads", "kernel_shape", "group"},
       {StepsAreWrong, StepsAreWrong, WindowPadsAreWrong, KernelIsWrong, GroupIsWrong}},
      {"MaxPool",
       {"strides", "dilations", "pads", "kernel_shape"},
       {StepsAreWrong, StepsAreWrong, WindowPadsAreWrong, KernelIsWrong}},
      {"AveragePool",
       {"strides", "pads", "kernel_shape"},
       {StepsAreWrong, WindowPadsAreWrong, KernelIsWrong}},
  };
  return rows;
}

const Row* RowOf(std::string_view op) {
  for (const Row& row : Rows())
    if (row.op == op) return &row;
  return nullptr;
}

bool IsForbidden(const Wrong& wrong, const Node& node, const Values& values) {
  if (wrong.is_word()) return !node.operands.empty();
  const Row* const row = RowOf(node.op);
  // An empty list is to some what is left out.
  if (row == nullptr || wrong.numbers.empty()) return false;
  const Array x = OperandOf(node.operands[0], values);
  const bool padded_by_word =
      wrong.what == "pads" && (node.Find("same_upper") != nullptr ||
                               node.Find("same_lower") != nullptr || node.Find("valid") != nullptr);
  if (padded_by_word) return false;
  Array weights;
  if (node.op == "Conv") weights = OperandOf(node.operands[1], values);
  const Spoilt spoilt{node,
                      {wrong.numbers.begin(), wrong.numbers.end()},
                      x,
                      node.op == "Conv" ? &weights : nullptr};
  for (size_t i = 0; i < row->attributes.size(); ++i)
    if (row->attributes[i] == wrong.what) return row->rules[i](spoilt);
  return false;
}

}  // namespace

std::span<const std::string_view> SpoiltAttributes(std::string_view op) {
  const Row* const row = RowOf(op);
  return row == nullptr ? std::span<const std::string_view>()
                        : std::span<const std::string_view>(row->attributes);
}

bool IsForbidden(const Graph& graph, const Values& values) {
  const std::set<std::string> needed = NeededBy(graph);
  for (const Node& node : graph.nodes) {
    if (node.name != graph.wrong->node) continue;
    // Nobody misses an output under another name that nobody reads.
    if (graph.wrong->what == "output" && !needed.contains(node.name)) return false;
    bool is_needed = false;
    for (size_t i = 0; i < OutputsOf(node); ++i) is_needed |= needed.contains(OutputName(node, i));
    // Only what is worked out need be looked at.
    return is_needed && IsForbidden(*graph.wrong, node, values);
  }
  return false;
}

}  // namespace tenter::fuzz::model
