#include "runtime/device/memory.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace tenter {
namespace {

TEST(HostBlock, IsAlignedZeroedAndNeverNull) {
  for (const size_t size_bytes : {0u, 1u, 63u, 64u, 100000u}) {
    const auto block = HostBlock::Allocate(size_bytes).value();
    ASSERT_NE(block->data(), nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block->data()) % kMemoryAlignment, 0u);
    EXPECT_EQ(block->size_bytes(), size_bytes);
    for (size_t i = 0; i < size_bytes; ++i) ASSERT_EQ(block->data()[i], std::byte{0});
  }
}

TEST(HostBlock, RefusesWhatCannotBe) {
  EXPECT_EQ(HostBlock::Allocate(SIZE_MAX).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(ProtectedPages::Allocate(SIZE_MAX).status().code(), StatusCode::kResourceExhausted);
}

TEST(ProtectedPages, KnowWhatTheyContain) {
  const auto pages = ProtectedPages::Allocate(100).value();
  EXPECT_TRUE(pages->Contains(pages->data()));
  EXPECT_TRUE(pages->Contains(pages->data() + 99));
  EXPECT_FALSE(pages->Contains(pages->data() + 100));
  EXPECT_FALSE(pages->Contains(&pages));
  EXPECT_FALSE(ProtectedPages::Allocate(0).value()->Contains(nullptr));
}

TEST(ProtectedPages, StayReadableWhenSealed) {
  const auto pages = ProtectedPages::Allocate(5000).value();
  pages->data()[4999] = std::byte{7};
  EXPECT_FALSE(pages->sealed());
  ASSERT_TRUE(pages->Seal().ok());
  ASSERT_TRUE(pages->Seal().ok());
  EXPECT_TRUE(pages->sealed());
  EXPECT_EQ(pages->data()[4999], std::byte{7});
}

TEST(ProtectedPagesDeathTest, AWriteAfterSealFaults) {
  const auto pages = ProtectedPages::Allocate(64).value();
  pages->data()[0] = std::byte{1};
  ASSERT_TRUE(pages->Seal().ok());
  volatile std::byte* const target = pages->data();
  EXPECT_DEATH(target[0] = std::byte{2}, "");
}

}  // namespace
}  // namespace tenter
