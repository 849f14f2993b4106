#include "runtime/engine/var/access.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>
#include <vector>

#include "runtime/base/rng.h"

namespace tenter {
namespace {

const Var a{1, 0}, b{2, 0}, c{3, 0};

using Use = std::pair<Var, AccessMode>;

std::vector<Use> Normalised(const std::vector<Var>& reads, const std::vector<Var>& writes) {
  std::vector<Access> accesses(reads.size() + writes.size());
  std::vector<uint64_t> keys(KeysFor(accesses.size()));
  accesses.resize(NormaliseAccesses(reads, writes, accesses.data(), keys.data()));
  std::vector<Use> uses;
  for (const Access& access : accesses) uses.emplace_back(access.var, access.mode);
  return uses;
}

// ENG-4: duplicates collapse; read and written is an update.
TEST(NormaliseAccesses, CollapsesDuplicatesAndFindsUpdates) {
  EXPECT_EQ(Normalised({b, a, b}, {c, b, c}),
            (std::vector<Use>{
                {a, AccessMode::kRead}, {b, AccessMode::kUpdate}, {c, AccessMode::kWrite}}));
}

TEST(NormaliseAccesses, DoesNotMixGenerations) {
  EXPECT_EQ(Normalised({{1, 0}}, {{1, 1}}).size(), 2u);
}

// ENG-4: a thousand vars, in any order, each named up to three times, against a plain map. The
// indices differ in one byte, whichever that is, or in all four.
TEST(NormaliseAccesses, LargeSetsAgreeWithAModel) {
  const uint64_t seed = 20262;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Rng rng(seed);
  for (const uint32_t apart : {1u, 0x100u, 0x10000u, 0x400501u})
    for (const size_t size : {1, 5, 15, 16, 17, 100, 1000}) {
      std::vector<Var> reads, writes;
      std::map<uint32_t, int> model;  // 1 read, 2 written, 3 both
      for (size_t i = 0; i < size; ++i) {
        const Var var{static_cast<uint32_t>(rng.Below(size)) * apart, 7};
        const bool read = rng.Below(2) == 0;
        (read ? reads : writes).push_back(var);
        model[var.index] |= read ? 1 : 2;
      }
      std::vector<Use> expected;
      for (const auto& [index, used] : model)
        expected.emplace_back(Var{index, 7}, used == 1   ? AccessMode::kRead
                                             : used == 2 ? AccessMode::kWrite
                                                         : AccessMode::kUpdate);
      EXPECT_EQ(Normalised(reads, writes), expected);
    }
}

// The handles of one var that was deleted and made again stand side by side.
TEST(NormaliseAccesses, GenerationsOfOneSlotAreNeighboursInLargeSetsToo) {
  std::vector<Var> reads;
  for (uint32_t i = 100; i > 0; --i) reads.push_back({i, 1});
  reads.push_back({50, 0});
  const std::vector<Use> uses = Normalised(reads, {});
  ASSERT_EQ(uses.size(), 101u);
  EXPECT_EQ(uses[49].first.index, 50u);
  EXPECT_EQ(uses[50].first.index, 50u);
}

TEST(NormaliseAccesses, EmptySetsAreFine) { EXPECT_TRUE(Normalised({}, {}).empty()); }

}  // namespace
}  // namespace tenter
