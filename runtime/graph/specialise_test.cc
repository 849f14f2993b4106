#include "runtime/graph/specialise.h"

#include <gtest/gtest.h>

#include "runtime/graph/rewrites.h"
#include "runtime/graph/run_graph.h"
#include "runtime/graph/testing.h"

namespace tenter {
namespace {

// Flattens an image with a shape that is computed from the image: Shape -> Gather -> Concat ->
// Reshape.
Graph FlattenByShape() {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {-1, 3, -1}});
  const int shape = build.Add("Shape", {x});
  const int batch = build.Add("Gather", {shape, build.Constant(Ints({0}))});
  const int target =
      build.Add("Concat", {batch, build.Constant(Ints({-1}))}, With({{"axis", int64_t{0}}}));
  build.Output(build.Add("Reshape", {build.Add("Relu", {x}), target}), "y");
  return Simplify(build.graph).value();
}

TEST(Specialise, FoldsShapeSubgraphs) {
  const Graph graph = FlattenByShape();
  const TensorSpec spec{DType::kFloat32, {2, 3, 5}};
  const auto special = Specialise(graph, {&spec, 1});
  ASSERT_TRUE(special.ok()) << special.status().ToString();
  EXPECT_EQ(OpTypes(*special), (std::vector<std::string>{"Relu", "Reshape"}));
  for (const Value& value : special->values) {
    ASSERT_TRUE(value.spec.has_value()) << value.name;
    EXPECT_TRUE(value.spec->shape.IsConcrete()) << value.name;
  }
  EXPECT_EQ(special->values[static_cast<size_t>(special->outputs[0])].spec->ToString(),
            "float32[2,15]");
  EXPECT_EQ(OpTypes(graph).size(), 5u) << "the graph that was specialised has not changed";
}

// COP-5: as the error of a request does.
TEST(Specialise, NamesNodeAndShapesOfWhatFailsWhileItFolds) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {-1, 3}});
  build.Output(build.Add("Gather", {build.Add("Shape", {x}), build.Constant(Ints({9}))}));
  const TensorSpec spec{DType::kFloat32, {2, 3}};
  EXPECT_EQ(
      Specialise(build.graph, {&spec, 1}).status().ToString(),
      "out_of_range: Gather (node 'n1') of int64[2], int64[1]: Gather: index 9 of an axis of 2");
}

TEST(Specialise, NamesTheInputThatDoesNotFit) {
  const Graph graph = FlattenByShape();
  const auto message = [&](const TensorSpec& spec) {
    return Specialise(graph, {&spec, 1}).status().ToString();
  };
  EXPECT_EQ(message({DType::kFloat32, {1, 4, 48}}),
            "invalid_argument: input 'x': expected float32[?,3,?], found float32[1,4,48]");
  EXPECT_EQ(message({DType::kInt64, {1, 3, 48}}),
            "invalid_argument: input 'x': expected float32[?,3,?], found int64[1,3,48]");
  EXPECT_EQ(message({DType::kFloat32, {1, 3}}),
            "invalid_argument: input 'x': expected float32[?,3,?], found float32[1,3]");
  EXPECT_NE(message({DType::kFloat32, {-1, 3, 48}}), "ok");
  EXPECT_EQ(Specialise(graph, {}).status().ToString(),
            "invalid_argument: expected 1 inputs, found 0");
}

TEST(Specialise, NamesNodeOpAndShapesThatDoNotFit) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {-1}});
  build.Output(build.Add("Add", {x, build.Constant(Floats({3}, {1, 2, 3}))}));
  const TensorSpec spec{DType::kFloat32, {2}};
  EXPECT_EQ(Specialise(build.graph, {&spec, 1}).status().ToString(),
            "invalid_argument: Add (node 'n0') of float32[2], float32[3]: "
            "shapes [2] and [3] do not broadcast");
}

TEST(Specialise, SharesTheSealedParameters) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {-1, 3}});
  build.Output(build.Add("Add", {x, build.Constant(Floats({3}, {1, 2, 3}))}));
  const Graph graph = Simplify(build.graph).value();
  const void* const parameter = graph.values[1].constant->raw();
  for (const int64_t batch : {1, 7}) {
    const TensorSpec spec{DType::kFloat32, {batch, 3}};
    const Graph special = Specialise(graph, {&spec, 1}).value();
    EXPECT_EQ(special.parameters, graph.parameters);
    EXPECT_EQ(special.values[1].constant->raw(), parameter);
  }
}

TEST(Specialise, RefusesShapesThatDependOnData) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {4}});
  const int sizes = build.Input("sizes", {DType::kInt64, {2}});
  build.Output(build.Add("Reshape", {x, sizes}));
  const TensorSpec specs[] = {{DType::kFloat32, {4}}, {DType::kInt64, {2}}};
  EXPECT_EQ(Specialise(build.graph, specs).status().ToString(),
            "unsupported: Reshape (node 'n0') of float32[4], int64[2]: "
            "input 1 depends on the data of the model's inputs");
}

TEST(Specialise, AnEmptyBatchRuns) {
  const Graph graph = FlattenByShape();
  const TensorSpec spec{DType::kFloat32, {0, 3, 5}};
  const auto special = Specialise(graph, {&spec, 1});
  // -1 of nothing has no answer, and the message says so.
  EXPECT_NE(special.status().message().find("no dimension fits for -1"), std::string::npos);
}

TEST(RunGraph, AKernelThatFailsNamesItsNode) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {4}});
  const int at = build.Input("at", {DType::kInt64, {1}});
  build.Output(build.Add("Gather", {x, at}));
  const std::vector<Tensor> inputs = {Floats({4}, {1, 2, 3, 4}), Ints({9})};
  const std::vector<TensorSpec> specs = {inputs[0].spec(), inputs[1].spec()};
  const Graph special = Specialise(build.graph, specs).value();
  EXPECT_EQ(
      RunGraph(special, inputs, KernelChoice::kReference).status().ToString(),
      "out_of_range: Gather (node 'n0') of float32[4], int64[1]: Gather: index 9 of an axis of 4");
  const std::vector<Tensor> wrong = {inputs[0], inputs[0]};
  EXPECT_EQ(RunGraph(special, wrong, KernelChoice::kReference).status().code(),
            StatusCode::kInvalidArgument);
}

// Kernels rely on the checks of inference. Specialise makes them, and nobody makes them again.
TEST(RunGraphDeathTest, KernelsNeedASpecialisedGraph) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {4}});
  build.Output(build.Add("Relu", {x}));
  EXPECT_DEATH((void)MakeKernels(build.graph, KernelChoice::kReference), "no spec for value");
}

TEST(RunGraph, OutputsMayBeInputsAndConstants) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {2}});
  build.Output(x);
  build.Output(build.Constant(Floats({1}, {5})));
  const Graph graph = Simplify(build.graph).value();
  const Tensor input = Floats({2}, {1, 2});
  const TensorSpec spec = input.spec();
  const auto outputs =
      RunGraph(Specialise(graph, {&spec, 1}).value(), {&input, 1}, KernelChoice::kReference);
  ASSERT_TRUE(outputs.ok()) << outputs.status().ToString();
  EXPECT_EQ(Elements<float>((*outputs)[0]), (std::vector<float>{1, 2}));
  EXPECT_EQ(Elements<float>((*outputs)[1]), (std::vector<float>{5}));
}

}  // namespace
}  // namespace tenter
