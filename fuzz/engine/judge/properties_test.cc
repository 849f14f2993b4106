// One property per contract, and programs of each.
#include "fuzz/engine/judge/properties.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "fuzz/engine/draw/generate.h"
#include "fuzz/engine/program/parse.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

TEST(Properties, EveryContractHasOne) {
  std::set<std::string> wanted, got;
  for (int i = 1; i <= 11; ++i) wanted.insert("ENG-" + std::to_string(i));
  for (int i = 1; i <= 12; ++i) wanted.insert("ERR-" + std::to_string(i));
  for (const EngineProperty& property : Properties()) got.insert(std::string(property.contract));
  EXPECT_EQ(got, wanted);
  EXPECT_EQ(Properties().size(), wanted.size());
}

TEST(Properties, TheirProgramsAreTextAndBack) {
  for (const EngineProperty& property : Properties())
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Program program = GenerateProgram({property.profile, {0, 1, 8}, 24}, seed);
      const Result<Program> again = ParseProgram(ToText(program));
      ASSERT_TRUE(again.ok()) << again.status().message() << "\n" << ToText(program);
      EXPECT_EQ(*again, program) << ToText(program);
      EXPECT_EQ(GenerateProgram({property.profile, {0, 1, 8}, 24}, seed), program);
    }
}

}  // namespace
}  // namespace tenter::fuzz
