// For tests of what is done to a specialised graph: before and after, it answers the same.
//
// Thread safety: one thread.
// Errors: what differs is a failure of the test.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "runtime/graph/rewrites.h"
#include "runtime/graph/run_graph.h"
#include "runtime/graph/specialise.h"
#include "runtime/graph/testing.h"

namespace tenter {

inline Graph Special(const Graph& graph) {
  const Graph simple = Simplify(graph).value();
  std::vector<TensorSpec> specs;
  for (const int input : simple.inputs)
    specs.push_back(*simple.values[static_cast<size_t>(input)].spec);
  return Specialise(simple, specs).value();
}

inline void ExpectSameOutputs(const std::vector<Tensor>& expected,
                              const std::vector<Tensor>& found) {
  ASSERT_EQ(expected.size(), found.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(expected[i].spec(), found[i].spec());
    for (int64_t k = 0; k < expected[i].shape().NumElements(); ++k) {
      const float a = expected[i].data<float>()[k], b = found[i].data<float>()[k];
      if (a == b || (std::isnan(a) && std::isnan(b))) continue;
      ASSERT_LE(std::fabs(a - b), 1e-4f + 1e-4f * std::fabs(a)) << "output " << i << " at " << k;
    }
  }
}

// Runs both on the same inputs: `before` on the reference kernels, `after` on the fast ones.
inline void ExpectSameAnswersTo(const std::vector<Tensor>& inputs, const Graph& before,
                                const Graph& after) {
  const auto expected = RunGraph(before, inputs, KernelChoice::kReference);
  const auto found = RunGraph(after, inputs, KernelChoice::kOneDnn);
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  ASSERT_TRUE(found.ok()) << found.status().message();
  ExpectSameOutputs(*expected, *found);
}

inline std::vector<Tensor> RandomInputs(const Graph& graph, Rng& rng) {
  std::vector<Tensor> inputs;
  for (const int input : graph.inputs)
    inputs.push_back(RandomFloats(graph.values[static_cast<size_t>(input)].spec->shape, rng));
  return inputs;
}

inline void ExpectSameAnswers(const Graph& before, const Graph& after, Rng& rng) {
  ExpectSameAnswersTo(RandomInputs(before, rng), before, after);
}

}  // namespace tenter
