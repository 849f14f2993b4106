#include "runtime/graph/rows/rows_apart.h"

#include <gtest/gtest.h>

#include <cstring>

#include "runtime/graph/run_graph.h"
#include "runtime/graph/specialise.h"
#include "runtime/graph/testing.h"

namespace tenter {
namespace {

const TensorSpec kRows{DType::kFloat32, {-1, 4, 2}};

// Whether requests of two rows each may run as one.
Status Check(const Graph& graph) {
  std::vector<TensorSpec> one;
  for (const int input : graph.inputs) {
    std::vector<int64_t> dims = graph.values[static_cast<size_t>(input)].spec->shape.dims();
    if (!dims.empty() && dims[0] < 0) dims[0] = 2;
    one.push_back({DType::kFloat32, Shape(dims)});
  }
  TENTER_ASSIGN_OR_RETURN(const std::vector<TensorSpec> two, TimesRows(one, 2));
  TENTER_ASSIGN_OR_RETURN(const Graph first, Specialise(graph, one));
  TENTER_ASSIGN_OR_RETURN(const Graph second, Specialise(graph, two));
  return CheckRowsApart(first, second, 2);
}

// Of one node on x[?,4,2], whose other operands are constants.
Status CheckOp(const std::string& op, std::vector<Tensor> constants, Attributes attributes = {}) {
  GraphBuilder build(13);
  std::vector<int> inputs = {build.Input("x", kRows)};
  for (Tensor& constant : constants) inputs.push_back(build.Constant(std::move(constant)));
  build.Output(build.Add(op, inputs, std::move(attributes)), "y");
  return Check(build.graph);
}

Tensor Some(const Shape& shape) {
  Rng rng(1);
  return RandomFloats(shape, rng);
}

TEST(RowsApart, OpsThatKeepThemApart) {
  EXPECT_TRUE(CheckOp("Relu", {}).ok());
  EXPECT_TRUE(CheckOp("Add", {Some({4, 2})}).ok());
  EXPECT_TRUE(CheckOp("Mul", {Some({1, 4, 1})}).ok());
  EXPECT_TRUE(CheckOp("MatMul", {Some({2, 5})}).ok());
  EXPECT_TRUE(CheckOp("MatMul", {Some({1, 2, 5})}).ok());
  EXPECT_TRUE(CheckOp("Softmax", {}, With({{"axis", int64_t{-1}}})).ok());
  EXPECT_TRUE(CheckOp("ReduceMean", {}, With({{"axes", std::vector<int64_t>{1, -1}}})).ok());
  EXPECT_TRUE(CheckOp("Transpose", {}, With({{"perm", std::vector<int64_t>{0, 2, 1}}})).ok());
  EXPECT_TRUE(CheckOp("Slice", {Ints({1}), Ints({3}), Ints({1})}).ok());
  EXPECT_TRUE(CheckOp("Pad", {Ints({0, 1, 0, 0, 0, 2})}).ok());
  EXPECT_TRUE(CheckOp("Reshape", {Ints({-1, 8})}).ok());
  EXPECT_TRUE(CheckOp("Reshape", {Ints({-1, 4})}).ok());  // two rows of each
  EXPECT_TRUE(CheckOp("Flatten", {}).ok());
  EXPECT_TRUE(CheckOp("Gather", {Ints({1, 0})}, With({{"axis", int64_t{2}}})).ok());
  EXPECT_TRUE(CheckOp("Unsqueeze", {Ints({1})}).ok());
}

TEST(RowsApart, OpsThatMixThem) {
  EXPECT_FALSE(CheckOp("Softmax", {}, With({{"axis", int64_t{0}}})).ok());
  EXPECT_FALSE(CheckOp("ReduceMean", {}, With({{"axes", std::vector<int64_t>{0, 1}}})).ok());
  EXPECT_FALSE(CheckOp("ReduceMean", {}, With({{"axes", std::vector<int64_t>{-3}}})).ok());
  EXPECT_FALSE(CheckOp("ReduceMean", {}).ok());
  EXPECT_FALSE(CheckOp("Transpose", {}, With({{"perm", std::vector<int64_t>{1, 0, 2}}})).ok());
  EXPECT_FALSE(CheckOp("Transpose", {}).ok());
  EXPECT_FALSE(CheckOp("Slice", {Ints({0}), Ints({1}), Ints({0})}).ok());
  // The same shape, and backwards.
  EXPECT_FALSE(CheckOp("Slice", {Ints({-1}), Ints({-100}), Ints({0}), Ints({-1})}).ok());
  EXPECT_FALSE(CheckOp("Pad", {Ints({1, 0, 0, 0, 0, 0})}).ok());
  EXPECT_FALSE(CheckOp("Pad", {Ints({1, 0, 0, -1, 0, 0})}).ok());
  EXPECT_FALSE(CheckOp("Reshape", {Ints({4, -1})}).ok());
  EXPECT_FALSE(CheckOp("Unsqueeze", {Ints({0})}).ok());
  EXPECT_FALSE(CheckOp("Gather", {Ints({1, 0})}).ok());
  EXPECT_FALSE(CheckOp("Add", {Some({2, 4, 2})}).ok());
  EXPECT_FALSE(CheckOp("Add", {Some({1, 1, 4, 2})}).ok());
  EXPECT_FALSE(CheckOp("MatMul", {Some({3, 1, 2, 5})}).ok());
}

TEST(RowsApart, ProductsOfTwoInputs) {
  const auto check = [](const TensorSpec& a, const TensorSpec& b) {
    GraphBuilder build(13);
    const int x = build.Input("x", a);
    build.Output(build.Add("MatMul", {x, build.Input("y", b)}), "z");
    return Check(build.graph).ok();
  };
  EXPECT_TRUE(check({DType::kFloat32, {-1, 3, 4}}, {DType::kFloat32, {-1, 4, 5}}));
  EXPECT_FALSE(check({DType::kFloat32, {-1, 4}}, {DType::kFloat32, {-1, 5}}));
  EXPECT_FALSE(check({DType::kFloat32, {3, -1, 3, 4}}, {DType::kFloat32, {-1, 4, 5}}));
}

// x + (how many rows x has): the numbers depend on it, and the shapes do not.
TEST(RowsApart, ACountOfRowsMixesThem) {
  GraphBuilder build(13);
  const int x = build.Input("x", kRows);
  const int rows = build.Add("Gather", {build.Add("Shape", {x}), build.Constant(Ints({0}))});
  const int count = build.Add("Cast", {rows}, With({{"to", int64_t{1}}}));
  build.Output(build.Add("Add", {x, count}), "y");
  const Status status = Check(build.graph);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("how many rows"), std::string::npos) << status.message();
}

// The column is rows / 3: the same for one row and for two, and another for four.
TEST(RowsApart, WhatHoldsOfTwoNeedNotHoldOfFour) {
  GraphBuilder build(13);
  const int x = build.Input("x", {DType::kFloat32, {-1, 4}});
  const int rows = build.Add("Gather", {build.Add("Shape", {x}), build.Constant(Ints({0}))});
  const int third = build.Add("Div", {rows, build.Constant(Ints({3}))});
  build.Output(build.Add("Gather", {x, third}, With({{"axis", int64_t{1}}})), "y");
  const auto of = [&](int64_t count) {
    const TensorSpec spec{DType::kFloat32, {count, 4}};
    return Specialise(build.graph, {&spec, 1}).value();
  };
  EXPECT_TRUE(CheckRowsApart(of(1), of(2), 2).ok());
  EXPECT_FALSE(CheckRowsApart(of(1), of(4), 4).ok());
}

TEST(RowsApart, AnOutputThatCountsRows) {
  GraphBuilder build(13);
  const int x = build.Input("x", kRows);
  build.Output(build.Add("Relu", {x}), "y");
  build.Output(build.Add("Shape", {x}), "shape");
  EXPECT_EQ(Check(build.graph).message(), "output 'shape' depends on how many rows there are");
}

TEST(RowsApart, InputsWithoutRows) {
  GraphBuilder build(13);
  const int x = build.Input("x", kRows);
  build.Output(build.Add("Mul", {x, build.Input("scale", {DType::kFloat32, {1}})}), "y");
  EXPECT_FALSE(Check(build.graph).ok());
}

}  // namespace
}  // namespace tenter
