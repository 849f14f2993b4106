#include "runtime/tensor/tensor.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace tenter {
namespace {

TEST(DType, NamesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(DTypeFromName(DTypeName(dtype)), dtype);
  }
  EXPECT_EQ(DTypeFromName("bfloat16"), std::nullopt);
  EXPECT_EQ(DTypeBytes(DType::kInt64), sizeof(int64_t));
}

TEST(Shape, CountsAndPrints) {
  const Shape shape = {2, 3, 4};
  EXPECT_EQ(shape.NumElements(), 24);
  EXPECT_EQ(shape.NumElements(1, 3), 12);
  EXPECT_EQ(shape.dim(-1), 4);
  EXPECT_EQ(shape.Strides(), (std::vector<int64_t>{12, 4, 1}));
  EXPECT_EQ((Shape{-1, 3}).ToString(), "[?,3]");
  EXPECT_EQ(Shape().NumElements(), 1);
  EXPECT_EQ((Shape{4, 0, 3}).NumElements(), 0);
}

TEST(Shape, RefusesOverflowAndUnknown) {
  EXPECT_EQ((Shape{INT64_MAX, 2}).CountElements().status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ((Shape{0, INT64_MAX, 2}).CountElements().status().code(), StatusCode::kOutOfRange);
  EXPECT_EQ((Shape{-1, 2}).CountElements().status().code(), StatusCode::kOutOfRange);
  const TensorSpec huge{DType::kFloat64, {INT64_MAX}};
  EXPECT_EQ(huge.CountBytes().status().code(), StatusCode::kOutOfRange);
  EXPECT_FALSE(Tensor::Allocate(huge).ok());
}

TEST(Tensor, OwnsItsBlockAndViewsKeepTheirOwner) {
  Tensor tensor = Tensor::Allocate({DType::kInt64, {2, 2}}).value();
  tensor.mutable_data<int64_t>()[3] = 42;
  const Tensor copy = tensor;
  tensor = Tensor();
  EXPECT_FALSE(tensor.defined());
  EXPECT_EQ(copy.data<int64_t>()[3], 42);

  auto owner = std::make_shared<std::array<float, 4>>();
  const std::weak_ptr<void> watch = owner;
  Tensor view = Tensor::View({DType::kFloat32, {4}}, owner, owner->data());
  owner.reset();
  EXPECT_FALSE(watch.expired());
  view = Tensor();
  EXPECT_TRUE(watch.expired());
}

TEST(TensorDeathTest, WrongTypeIsAProgrammerError) {
  const Tensor tensor = Tensor::Allocate({DType::kInt64, {2}}).value();
  EXPECT_DEATH((void)tensor.data<float>(), "reading int64\\[2\\] as float32");
}

TEST(Digest, SeesEveryByteAndTheLength) {
  std::array<unsigned char, 21> bytes{};
  const uint64_t clean = DigestBytes(bytes.data(), bytes.size());
  for (unsigned char& byte : bytes) {
    byte ^= 1;
    EXPECT_NE(DigestBytes(bytes.data(), bytes.size()), clean);
    byte ^= 1;
  }
  EXPECT_NE(DigestBytes(bytes.data(), bytes.size() - 1), clean);
}

}  // namespace
}  // namespace tenter
