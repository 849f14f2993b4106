// Minimise: which finding it looks for.
#include "fuzz/frame/minimise.h"

#include <gtest/gtest.h>

#include "fuzz/frame/line_shrink.h"

namespace tenter::fuzz {
namespace {

// "rare", "often" and "loud" are found in one of 100, one of 10 and in every round of a program
// that says so, "silent" in none, but in every one of its variant, which is "stirred". What is
// drawn is loud, and has no more lines than it may.
class Noisy : public Subject {
 public:
  std::string_view name() const override { return "noisy"; }
  std::span<const Property> properties() const override { return {&kProperty, 1}; }
  std::span<const std::string_view> counted() const override { return {&kCounted, 1}; }
  std::string Draw(const Property&, const DrawOptions& options, uint64_t) const override {
    std::string program = "loud\n";
    for (int i = 1; i < options.most_ops; ++i) program += "filler\n";
    return program;
  }
  Status Check(const std::string&) const override { return {}; }
  int Size(const std::string& program) const override {
    return static_cast<int>(SplitLines(program).size());
  }
  void Count(const std::string&, const std::function<void(size_t, uint64_t)>&) const override {}
  std::unique_ptr<Rig> MakeRig(Watchdog*, int64_t) const override {
    return std::make_unique<NoisyRig>();
  }
  std::string Suspect(const std::string&, const Finding&) const override { return "X-1"; }
  std::string Shrink(const std::string& program, const Fails& fails, const Fails& comes_back,
                     int64_t deadline_ns) const override {
    return ShrinkLines(program, {.mend = [](const std::string& p) { return std::optional(p); },
                                 .simpler = [](const Lines&, size_t) { return Lines{}; },
                                 .fails = fails,
                                 .comes_back = comes_back,
                                 .deadline_ns = deadline_ns});
  }
  std::vector<std::string> Variants(const std::string& program) const override {
    if (!program.starts_with("silent\n")) return {};
    return {program, "stirred" + program.substr(program.find('\n'))};
  }

 private:
  class NoisyRig : public Rig {
    std::optional<Finding> Run(const std::string& program, uint64_t round) override {
      const std::string word = program.substr(0, program.find('\n'));
      if (word == "silent") return std::nullopt;
      const uint64_t every = word == "rare" ? 100 : word == "often" ? 10 : 1;
      if (round % every != every - 1) return std::nullopt;
      return Finding{
          .contract = "X-1", .kind = word == "stirred" ? "silent" : word, .detail = "was heard"};
    }
  };
  static constexpr Property kProperty{"X-1", "silence"};
  static constexpr std::string_view kCounted = "cases";
};

Minimal MinimalOf(const std::string& word, double seconds) {
  const Noisy subject;
  CampaignOptions options{.shrink_seconds = seconds, .draw = {}, .properties = {}};
  options.properties.push_back(subject.properties().data());
  std::string program = word + "\n";
  for (int i = 0; i < 11; ++i) program += "filler\n";
  return Minimise(subject, options, program, word, [](double, int) {});
}

// Every finding takes a process, and a sanitizer makes those slow: there the time would decide.
class MinimiseTest : public testing::Test {
 protected:
  void SetUp() override {
#if defined(TENTER_TSAN) || defined(TENTER_ASAN)
    GTEST_SKIP() << "a process for every finding";
#endif
  }
};

TEST_F(MinimiseTest, WhatIsRareGivesWayToWhatIsNot) {
  const Minimal minimal = MinimalOf("rare", 24);
  EXPECT_EQ(minimal.finding.kind, "loud");
  EXPECT_EQ(minimal.program, "loud\n");
  EXPECT_EQ(minimal.came_back, minimal.tried);
}

TEST_F(MinimiseTest, WhatDoesNotComeBackIsStirred) {
  const Minimal minimal = MinimalOf("silent", 8);
  EXPECT_EQ(minimal.finding.kind, "silent");
  EXPECT_EQ(minimal.program, "stirred\n");
  EXPECT_EQ(minimal.came_back, minimal.tried);
}

TEST_F(MinimiseTest, WhatComesBackNowAndThenStays) {
  const Minimal minimal = MinimalOf("often", 8);
  EXPECT_EQ(minimal.finding.kind, "often");
  EXPECT_EQ(minimal.program, "often\n");
}

}  // namespace
}  // namespace tenter::fuzz
