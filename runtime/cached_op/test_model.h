// A small model for the tests of this floor: two layers, a branch and a join, built without a file.
//
//   x[?,8] -> MatMul w1 -> Relu --+-> MatMul w2 -> Sigmoid --+-> Add -> y[?,8]
//                                 +-> MatMul w3 -> Tanh -----+
//
// Thread safety: pure functions.
// Ownership and lifetime: the graph owns its parameters.
// Invariants: outputs depend on every input and every weight (see the power test).
// Errors: a broken model fails the test that uses it.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/rng.h"
#include "runtime/cached_op/plan_ops.h"
#include "runtime/graph/graph.h"
#include "runtime/graph/rewrites.h"

namespace tenter {

// What runs the requests of a test. 0 workers: the naive engine.
struct Runs {
  int workers = 0;
  Way way = Way::kSerial;
  size_t batch = 1;
  int intra_op = 1;
};

inline std::vector<Runs> AllRuns() {
  return {{0, Way::kSerial},       {1, Way::kSerial},        {2, Way::kSerial},
          {1, Way::kSerial, 4},    {2, Way::kSerial, 8},     {1, Way::kInline},
          {2, Way::kInline},       {0, Way::kDataflow},      {1, Way::kDataflow},
          {2, Way::kDataflow},     {4, Way::kDataflow},      {1, Way::kSerial, 1, 2},
          {1, Way::kDirect},       {2, Way::kDirect},        {2, Way::kDirect, 8},
          {2, Way::kDirect, 1, 2}, {0, Way::kDirect},        {2, Way::kSerial, 4, 2},
          {2, Way::kInline, 1, 3}, {2, Way::kDataflow, 1, 2}};
}

// "serial2", "serial2batch8".
inline std::string NameOfRuns(const Runs& runs) {
  return std::string(NameOf(runs.way)) + std::to_string(runs.workers) +
         (runs.batch > 1 ? "batch" + std::to_string(runs.batch) : "") +
         (runs.intra_op > 1 ? "intra" + std::to_string(runs.intra_op) : "");
}

inline Tensor RandomTensor(const Shape& shape, uint64_t seed) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, shape}).value();
  Rng rng(seed);
  for (int64_t i = 0; i < shape.NumElements(); ++i)
    tensor.mutable_data<float>()[i] = static_cast<float>(rng.Unit() - 0.5);
  return tensor;
}

inline std::vector<float> Floats(const Tensor& tensor) {
  return {tensor.data<float>(), tensor.data<float>() + tensor.shape().NumElements()};
}

// Whether it is the answer that one thread had to one request. The bits may be others where several
// run as one, or threads compute parts.
inline bool IsAnswer(const Runs& runs, const Tensor& found, const std::vector<float>& expected) {
  constexpr float kOfBits = 1e-5f;
  const std::vector<float> values = Floats(found);
  if (runs.batch == 1 && runs.intra_op == 1) return values == expected;
  return std::equal(values.begin(), values.end(), expected.begin(), expected.end(),
                    [](float a, float b) { return std::fabs(a - b) <= kOfBits; });
}

inline std::shared_ptr<const Graph> BranchModel() {
  Graph graph;
  graph.name = "branch";
  graph.opset = 13;
  const auto value = [&](const char* name) {
    graph.values.push_back({name, std::nullopt, std::nullopt});
    return static_cast<int>(graph.values.size() - 1);
  };
  const auto weight = [&](const char* name, uint64_t seed) {
    const int index = value(name);
    graph.values[index].constant = RandomTensor(Shape({8, 8}), seed);
    return index;
  };
  const auto node = [&](const char* op, std::vector<int> inputs) {
    const int output = value(("out of " + std::to_string(graph.nodes.size())).c_str());
    graph.nodes.push_back({std::string(op) + std::to_string(graph.nodes.size()),
                           op,
                           {},
                           std::move(inputs),
                           {output}});
    return output;
  };
  const int x = value("x");
  graph.values[x].spec = TensorSpec{DType::kFloat32, Shape({kUnknownDim, 8})};
  graph.inputs = {x};
  const int hidden = node("Relu", {node("MatMul", {x, weight("w1", 1)})});
  const int left = node("Sigmoid", {node("MatMul", {hidden, weight("w2", 2)})});
  const int right = node("Tanh", {node("MatMul", {hidden, weight("w3", 3)})});
  graph.outputs = {node("Add", {left, right})};
  return std::make_shared<const Graph>(Simplify(std::move(graph)).value());
}

}  // namespace tenter
