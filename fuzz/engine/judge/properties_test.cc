// One property per contract, and programs of each.
#include "fuzz/engine/judge/properties.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "fuzz/engine/draw/fan_in.h"
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

// Of 200 programs of each contract that is for them.
TEST(Properties, SomeProgramsHaveWhatIsRare) {
  const auto count = [](const char* contract, auto is) {
    int programs = 0;
    for (uint64_t seed = 0; seed < 200; ++seed)
      programs += is(GenerateProgram({FindProperty(contract)->profile, {2}, 24}, seed));
    return programs;
  };
  EXPECT_GT(count("ENG-5", [](const Program& p) { return HasBulk(p) && Has(p, Verb::kDelete); }),
            2);
  EXPECT_GT(count("ERR-3",
                  [](const Program& p) {
                    return std::count_if(p.statements.begin(), p.statements.end(),
                                         [](const Statement& s) {
                                           return s.throws != Type::kNone && s.writes.size() == 1 &&
                                                  s.reads.empty();
                                         }) >= kLeastFanIn;
                  }),
            5);
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
