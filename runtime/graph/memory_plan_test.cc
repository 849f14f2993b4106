#include "runtime/graph/memory_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/graph/specialise.h"
#include "runtime/graph/testing.h"

namespace tenter {
namespace {

constexpr int64_t kWidth = 64;

TensorSpec Vector(int64_t elements) { return {DType::kFloat32, {elements}}; }

// A random graph of unary ops and concatenations, so that sizes differ. Drawn from `rng` alone.
Graph RandomGraph(Rng& rng) {
  struct Known {
    int value;
    int64_t elements;
  };
  GraphBuilder build;
  std::vector<Known> known = {{build.Input("a", Vector(kWidth)), kWidth},
                              {build.Input("b", Vector(kWidth)), kWidth}};
  // Mostly recent values are read, so that most lifetimes are short; some are long.
  const auto pick = [&] {
    const size_t window = rng.Chance(80) ? std::min<size_t>(known.size(), 3) : known.size();
    return known[known.size() - 1 - rng.Below(window)];
  };
  for (uint64_t i = 2 + rng.Below(30); i > 0; --i) {
    const Known first = pick(), second = pick();
    const int64_t sum = first.elements + second.elements;
    const bool joins = rng.Chance(40) && sum <= 64 * kWidth;
    const int value = joins ? build.Add("Concat", {first.value, second.value},
                                        With({{"axis", int64_t{0}}}))
                            : build.Add("Relu", {first.value});
    known.push_back({value, joins ? sum : first.elements});
  }
  for (uint64_t i = 1 + rng.Below(3); i > 0; --i) {
    const int value = pick().value;
    if (std::count(build.graph.outputs.begin(), build.graph.outputs.end(), value) == 0)
      build.Output(value);
  }
  const TensorSpec specs[] = {Vector(kWidth), Vector(kWidth)};
  return Specialise(build.graph, specs).value();
}

// The nodes at which each value is live: from its producer to its last reader; to the end for
// outputs.
struct Lifetime {
  int first = -1;
  int last = -1;
};

std::vector<Lifetime> LifetimesOf(const Graph& graph) {
  std::vector<Lifetime> lives(graph.values.size());
  for (int i = 0; i < static_cast<int>(graph.nodes.size()); ++i) {
    const Node& node = graph.nodes[static_cast<size_t>(i)];
    for (const int output : node.outputs) lives[static_cast<size_t>(output)] = {i, i};
    for (const int input : node.inputs)
      if (input >= 0) lives[static_cast<size_t>(input)].last = i;
  }
  for (const int output : graph.outputs)
    lives[static_cast<size_t>(output)].last = static_cast<int>(graph.nodes.size());
  return lives;
}

void ExpectValid(const Graph& graph, const MemoryPlan& plan, uint64_t seed) {
  const std::vector<Lifetime> lives = LifetimesOf(graph);
  ASSERT_EQ(plan.slot_of_value.size(), graph.values.size());
  for (size_t a = 0; a < lives.size(); ++a) {
    const int slot = plan.slot_of_value[a];
    ASSERT_EQ(slot >= 0, lives[a].first >= 0) << "value " << a << ", seed " << seed;
    if (slot < 0) continue;
    EXPECT_GE(plan.slot_bytes[static_cast<size_t>(slot)], graph.values[a].spec->size_bytes());
    EXPECT_EQ(plan.slot_bytes[static_cast<size_t>(slot)] % kMemoryAlignment, 0u);
    for (size_t b = 0; b < a; ++b) {
      const bool apart = lives[a].last < lives[b].first || lives[b].last < lives[a].first;
      EXPECT_TRUE(apart || plan.slot_of_value[b] != slot)
          << "values " << a << " and " << b << " share slot " << slot << ", seed " << seed;
    }
  }
  for (const int output : graph.outputs) {
    const int slot = plan.slot_of_value[static_cast<size_t>(output)];
    if (slot < 0) continue;
    EXPECT_EQ(std::count(plan.slot_of_value.begin(), plan.slot_of_value.end(), slot), 1)
        << "the slot of an output is used twice, seed " << seed;
  }
}

TEST(MemoryPlan, IsValidAndDeterministicOnRandomGraphs) {
  int reused = 0;
  for (int round = 0; round < 300; ++round) {
    const auto seed = static_cast<uint64_t>(GTEST_FLAG_GET(random_seed) + round);
    Rng rng(seed);
    const Graph graph = RandomGraph(rng);
    const MemoryPlan plan = PlanMemory(graph);
    ExpectValid(graph, plan, seed);
    const MemoryPlan again = PlanMemory(graph);
    EXPECT_EQ(plan.slot_of_value, again.slot_of_value);
    EXPECT_EQ(plan.slot_bytes, again.slot_bytes);
    const auto placed = std::count_if(plan.slot_of_value.begin(), plan.slot_of_value.end(),
                                      [](int slot) { return slot >= 0; });
    reused += static_cast<size_t>(placed) > plan.slot_bytes.size();
  }
  EXPECT_GT(reused, 100) << "a plan that never reuses memory proves nothing";
}

TEST(MemoryPlan, AChainNeedsTwoSlotsAndOneForTheOutput) {
  GraphBuilder build;
  int value = build.Input("x", Vector(100));
  for (int i = 0; i < 10; ++i) value = build.Add("Relu", {value});
  build.Output(value);
  const TensorSpec spec = Vector(100);
  const MemoryPlan plan = PlanMemory(Specialise(build.graph, {&spec, 1}).value());
  EXPECT_EQ(plan.slot_bytes, (std::vector<size_t>{448, 448, 448}));
}

TEST(MemoryPlan, AnOutputThatIsReadOnStaysAlone) {
  GraphBuilder build;
  const int x = build.Input("x", Vector(4));
  const int early = build.Add("Relu", {x});
  build.Output(early);
  build.Output(build.Add("Exp", {build.Add("Neg", {early})}));
  const TensorSpec spec = Vector(4);
  const Graph graph = Specialise(build.graph, {&spec, 1}).value();
  ExpectValid(graph, PlanMemory(graph), 0);
  EXPECT_EQ(PlanMemory(graph).slot_bytes.size(), 3u);
}

}  // namespace
}  // namespace tenter
