// Which cases a seed draws.
#include "fuzz/frame/batch.h"

#include <gtest/gtest.h>

#include <set>

namespace tenter::fuzz {
namespace {

// A program is the seed that it was drawn by.
class Seeds : public Subject {
 public:
  std::string_view name() const override { return "seeds"; }
  std::span<const Property> properties() const override { return {&kProperty, 1}; }
  std::span<const std::string_view> counted() const override { return {&kCounted, 1}; }
  std::string Draw(const Property&, const DrawOptions&, uint64_t seed) const override {
    return std::to_string(seed);
  }
  Status Check(const std::string&) const override { return {}; }
  int Size(const std::string&) const override { return 0; }
  void Count(const std::string&, const std::function<void(size_t, uint64_t)>&) const override {}
  std::unique_ptr<Rig> MakeRig(Watchdog*, int64_t) const override { return nullptr; }
  std::string Suspect(const std::string&, const Finding&) const override { return ""; }
  std::string Shrink(const std::string& program, const Fails&, const Fails&,
                     int64_t) const override {
    return program;
  }

 private:
  static constexpr Property kProperty{"X-1", "nothing"};
  static constexpr std::string_view kCounted = "cases";
};

TEST(Batch, SeedsShareNoCases) {
  const Seeds subject;
  std::set<std::string> programs;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    CampaignOptions options{.seed = seed, .draw = {}, .properties = {}};
    options.properties.push_back(subject.properties().data());
    for (uint64_t number = 0; number < 1000; ++number)
      EXPECT_TRUE(programs.insert(DrawCase(subject, options, number).program).second)
          << "case " << number << " of seed " << seed;
  }
}

}  // namespace
}  // namespace tenter::fuzz
