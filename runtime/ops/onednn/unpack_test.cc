#include "runtime/ops/onednn/unpack.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "runtime/base/rng.h"
#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/onednn/packed_weights.h"

namespace tenter {
namespace {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;

dnnl::engine Cpu() { return dnnl::engine(dnnl::engine::kind::cpu, 0); }

// Any bits but those of a signalling NaN, and some that a copy by arithmetic would change.
std::vector<uint32_t> Bits(size_t count, Rng& rng) {
  std::vector<uint32_t> bits(count);
  for (uint32_t& one : bits) one = std::bit_cast<uint32_t>(static_cast<float>(rng.Unit() - 0.5));
  const uint32_t odd[] = {0x80000000u, 1u, 0x807fffffu, 0x7fc12345u, 0xffc00001u, 0x7f800000u};
  for (const uint32_t one : odd) bits[rng.Below(count)] = one;
  return bits;
}

// Packs and unpacks weights of these dims.
void ExpectTheSameBits(const Dims& dims, const dnnl::memory::desc& order, Rng& rng) {
  const std::vector<uint32_t> plain = Bits(static_cast<size_t>(Shape(dims).NumElements()), rng);
  ASSERT_TRUE(CanUnpack(order, plain.size()));
  const PackedPages packed = Pack(Cpu(), plain.data(), DenseDesc(dims), order).value();
  std::vector<uint32_t> found(plain.size());
  Unpack(order, packed->data(), found.data());
  EXPECT_EQ(found, plain);
}

TEST(Unpack, GivesBackEveryBitOfAnyBlocks) {
  Rng rng(11);
  for (const Tag tag : {Tag::oihw, Tag::ohwi, Tag::hwio, Tag::Oihw16o, Tag::OIhw16i16o,
                        Tag::OIhw8i8o, Tag::OIhw4i16o4i, Tag::Ohwi16o, Tag::Acdb16a})
    for (const Dims& dims : {Dims{16, 16, 1, 1}, Dims{7, 5, 3, 2}, Dims{33, 17, 1, 3}}) {
      SCOPED_TRACE(static_cast<int>(tag));
      ExpectTheSameBits(dims, {dims, dnnl::memory::data_type::f32, tag}, rng);
    }
  for (const Tag tag : {Tag::Goihw16g, Tag::Goihw8g, Tag::gOIhw16i16o, Tag::goihw})
    for (const Dims& dims : {Dims{24, 1, 1, 3, 3}, Dims{3, 18, 5, 3, 3}}) {
      SCOPED_TRACE(static_cast<int>(tag));
      ExpectTheSameBits(dims, {dims, dnnl::memory::data_type::f32, tag}, rng);
    }
}

TEST(Unpack, KnowsWhatItCannot) {
  const Dims dims = {16, 16, 3, 3};
  const size_t count = 16 * 16 * 9;
  EXPECT_FALSE(CanUnpack({dims, dnnl::memory::data_type::bf16, Tag::oihw}, count));
  EXPECT_FALSE(CanUnpack({dims, dnnl::memory::data_type::f32, Tag::any}, count));
  const dnnl::memory::desc whole(dims, dnnl::memory::data_type::f32, Tag::oihw);
  EXPECT_TRUE(CanUnpack(whole, count));
  EXPECT_FALSE(CanUnpack(whole, count / 9 * 36)) << "what was made of other numbers";
  EXPECT_FALSE(CanUnpack(whole.submemory_desc({8, 16, 3, 3}, {8, 0, 0, 0}), count / 2));
}

// Not every form of a parameter tells what it was made of.
TEST(PackedWeights, GiveBackOnlyWhatCanBeMadeAgain) {
  const Dims dims = {64, 64, 1, 1}, transformed = {16, 64, 64};
  const auto pages = ProtectedPages::Allocate(64 * 64 * sizeof(float)).value();
  ASSERT_TRUE(pages->Seal().ok());
  const Tensor plain = Tensor::View({DType::kFloat32, Shape(dims)}, pages, pages->data());
  const auto packed = MakePackedWeights(pages, {plain});
  const auto made = [] { return Result<PackedPages>(ProtectedPages::Allocate(1 << 18).value()); };
  ASSERT_TRUE(packed->Get(plain.raw(), DenseDesc(transformed), made).ok());
  GiveBackParameter(*packed, plain.raw());
  EXPECT_EQ(GivenBackBytes(*packed), 0u);
  const dnnl::memory::desc blocks(dims, dnnl::memory::data_type::f32, Tag::OIhw16i16o);
  const auto pack = [&] { return Pack(Cpu(), plain.raw(), DenseDesc(dims), blocks); };
  ASSERT_TRUE(packed->Get(plain.raw(), blocks, pack).ok());
  GiveBackParameter(*packed, plain.raw());
  EXPECT_EQ(GivenBackBytes(*packed), plain.size_bytes());
}

TEST(LargestOf, IsOfAnySignAndANaNAboveAll) {
  const float numbers[] = {1.0f, -3.0f, 2.0f, -0.0f};
  EXPECT_EQ(LargestOf(numbers, 4), 3.0f);
  EXPECT_EQ(LargestOf(numbers, 0), 0.0f);
  const float infinite[] = {1.0f, -std::numeric_limits<float>::infinity()};
  EXPECT_EQ(LargestOf(infinite, 2), std::numeric_limits<float>::infinity());
  const float none[] = {std::numeric_limits<float>::infinity(),
                        -std::numeric_limits<float>::quiet_NaN()};
  EXPECT_NE(LargestOf(none, 2), LargestOf(none, 2));
}

}  // namespace
}  // namespace tenter
