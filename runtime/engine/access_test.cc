#include "runtime/engine/access.h"

#include <gtest/gtest.h>

namespace tenter {
namespace {

const Var a{1, 0}, b{2, 0}, c{3, 0};

// ENG-4: duplicates collapse; read and written is an update.
TEST(NormaliseAccesses, CollapsesDuplicatesAndFindsUpdates) {
  const std::vector<Var> reads = {b, a, b}, writes = {c, b, c};
  EXPECT_EQ(NormaliseAccesses(reads, writes),
            (std::vector<VarAccess>{
                {a, AccessMode::kRead}, {b, AccessMode::kUpdate}, {c, AccessMode::kWrite}}));
}

TEST(NormaliseAccesses, DoesNotMixGenerations) {
  const std::vector<Var> reads = {{1, 0}}, writes = {{1, 1}};
  EXPECT_EQ(NormaliseAccesses(reads, writes).size(), 2u);
}

TEST(NormaliseAccesses, EmptySetsAreFine) { EXPECT_TRUE(NormaliseAccesses({}, {}).empty()); }

}  // namespace
}  // namespace tenter
