#include "fuzz/model/program/draw_wrong.h"

#include <algorithm>

#include "fuzz/model/oracle/forbidden.h"
#include "fuzz/model/program/draw_node.h"

namespace tenter::fuzz::model {
namespace {

constexpr int kTries = 20;

// As many as there should be, of which one is this; or one too many, or one too few.
Numbers Row(size_t count, double right, double wrong, Dice* dice) {
  Numbers numbers(count, right);
  const int how = dice->From(0, 3);
  if (how == 0) numbers.push_back(right);
  if (how == 1 && !numbers.empty()) numbers.pop_back();
  if (how > 1 && !numbers.empty())
    numbers[static_cast<size_t>(dice->From(0, static_cast<int>(count) - 1))] = wrong;
  return numbers;
}

Numbers Perm(int rank, Dice* dice) {
  Numbers perm = AllAxes(rank);
  dice->Shuffle(&perm);
  if (dice->Chance(30))
    perm.push_back(rank);
  else if (!perm.empty())
    perm.back() = dice->OneOf<double>({perm.front(), 1.0 * rank});
  return perm;
}

// Numbers that may be wrong: forbidden.h says whether they are.
Numbers Candidate(std::string_view what, const Node& node, const Array& x, Dice* dice) {
  const double rank = x.rank();
  const auto window = static_cast<size_t>(std::max(0, x.rank() - 2));
  const double bad = dice->OneOf({0.0, -1.0, -2.0});
  if (what == "axis") return {dice->OneOf({rank, rank + 1, -rank - 1, 100.0, -100.0})};
  if (what == "axes" && node.op == "Unsqueeze" && dice->Chance(60))
    return dice->OneOf(std::vector<Numbers>{{0, 0}, {1, 1}, {0, -rank - 2}});
  if (what == "axes")
    return dice->OneOf(std::vector<Numbers>{
        {rank}, {rank + 1}, {-rank - 1}, {0, 0}, {0, -rank - 2}, {1, 1}, {0}, {-1}});
  if (what == "strides" || what == "dilations" || what == "kernel_shape")
    return Row(window, 1, bad, dice);
  if (what == "pads" && node.op == "Pad") return Row(2 * x.dims.size(), 0, 1, dice);
  if (what == "pads") return Row(2 * window, 0, -1, dice);
  if (what == "group") return {dice->OneOf({bad, 2.0, 3.0, 5.0})};
  if (what == "perm") return Perm(x.rank(), dice);
  if (what == "shape")
    return dice->OneOf(std::vector<Numbers>{{-1, -1}, {-2}, {-1, 1, -1}, {7, 11}, {1}});
  Numbers parts = *node.Find("parts");
  double& part = parts[static_cast<size_t>(dice->From(0, static_cast<int>(parts.size()) - 1))];
  part += dice->OneOf({1.0, -1.0, 100.0});
  return parts;
}

Wrong CandidateOf(const Node& node, const Values& values, Dice* dice) {
  const auto attributes = SpoiltAttributes(node.op);
  Wrong wrong{.node = node.name, .what = dice->OneOf(WrongWords())};
  if (attributes.empty() || dice->Chance(15)) return wrong;
  wrong.what = dice->OneOf(std::vector<std::string_view>(attributes.begin(), attributes.end()));
  wrong.numbers = Candidate(wrong.what, node, OperandOf(node.operands[0], values), dice);
  return wrong;
}

}  // namespace

std::optional<Wrong> DrawWrong(const Graph& graph, const std::vector<int64_t>& sizes, Dice* dice) {
  std::vector<Values> all;
  for (const int64_t size : sizes) all.push_back(Compute(graph, InputsOf(graph, size, 0)).value());
  for (int i = 0; i < kTries; ++i) {
    Graph candidate = graph;
    const Node& node = dice->OneOf(graph.nodes);
    // Words are a few, and any node takes them.
    if (SpoiltAttributes(node.op).empty() && dice->Chance(80)) continue;
    candidate.wrong = CandidateOf(node, all[0], dice);
    if (std::all_of(all.begin(), all.end(),
                    [&candidate](const Values& values) { return IsForbidden(candidate, values); }))
      return candidate.wrong;
  }
  return std::nullopt;
}

}  // namespace tenter::fuzz::model
