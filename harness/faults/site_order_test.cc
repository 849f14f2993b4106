#include "harness/faults/site_order.h"

#include <gtest/gtest.h>

#include "harness/faults/injector.h"
#include "harness/faults/known_sites.h"

namespace tenter {
namespace {

void Hit(Injector& injector, const char* site) {
  const tgt_hit hit{.site = site, .op = "", .var = -1, .request = -1, .worker = -1};
  tgt_fault fault = {};
  const tgt_host host = injector.host();
  host.hit(host.self, &hit, &fault);
}

TEST(SiteOrder, KeepsTheHitsAtWhichAPairWasSeenFirst) {
  SiteOrder order(3);
  for (const size_t site : {0, 0, 1, 0, 1, 2, 2, 0}) order.Note(site);
  std::vector<std::vector<uint64_t>> seen;
  for (const SiteOrder::Pair& pair : order.Pairs())
    seen.push_back({pair.first, pair.second, pair.first_hit, pair.second_hit});
  EXPECT_EQ(seen, (std::vector<std::vector<uint64_t>>{
                      {0, 1, 2, 1}, {1, 0, 1, 3}, {1, 2, 2, 1}, {2, 0, 2, 4}}));
}

TEST(Injector, TellsTheOrderOnlyOfWhatIsArmedAndFollowed) {
  const auto sites = KnownSites();
  Flight flight;
  Injector injector(FaultPlan{}, sites, 1, &flight);
  Hit(injector, "io.source.open");
  EXPECT_TRUE(injector.pairs().empty());
  injector.FollowOrder();
  ASSERT_TRUE(injector.Arm().ok());
  Hit(injector, "io.source.open");
  Hit(injector, "io.producer.next");
  injector.Disarm();
  Hit(injector, "io.producer.reset");
  ASSERT_EQ(injector.pairs().size(), 1u);
  EXPECT_EQ(injector.pairs()[0].first, "io.source.open");
  EXPECT_EQ(injector.pairs()[0].second, "io.producer.next");
  for (const SiteCount& count : injector.counts())
    if (count.name == "io.producer.reset") {
      EXPECT_EQ(count.hit, 0u);
    }
}

TEST(Injector, TellsBesideHowManyOtherCallsAFaultStruck) {
  const auto sites = KnownSites();
  Result<FaultPlan> plan = ParseFaultPlan("io.producer.next=nth(2)error(data_loss)", sites);
  ASSERT_TRUE(plan.ok());
  Flight flight;
  Injector injector(std::move(plan).value(), sites, 1, &flight);
  ASSERT_TRUE(injector.Arm().ok());
  const CallInFlight first(injector), second(injector), third(injector);
  {
    const CallInFlight over(injector);
    Hit(injector, "io.producer.next");
  }
  Hit(injector, "io.producer.next");
  for (const SiteCount& count : injector.counts())
    if (count.name == "io.producer.next") {
      EXPECT_EQ(count.fired, 1u);
      EXPECT_EQ(count.beside, 2);
    }
}

// A run without end judges what fired round by round, and keeps no record of it.
TEST(Injector, ForgetsWhatWasTaken) {
  const auto sites = KnownSites();
  Flight flight;
  Injector injector(ParseFaultPlan("io.producer.next=error(data_loss)", sites).value(), sites, 1,
                    &flight);
  ASSERT_TRUE(injector.Arm().ok());
  Hit(injector, "io.producer.next");
  Hit(injector, "io.producer.next");
  EXPECT_EQ(injector.TakeFired().size(), 2u);
  EXPECT_TRUE(injector.fired().empty());
  const std::string two = injector.EffectivePlan();
  Hit(injector, "io.producer.next");
  const std::vector<FiredFault> third = injector.TakeFired();
  ASSERT_EQ(third.size(), 1u);
  EXPECT_EQ(third[0].number, 3u) << "its text would be that of another one";
  EXPECT_EQ(injector.EffectivePlan(), two + ";" + third[0].item);
  for (int i = 0; i < 5000; ++i) Hit(injector, "io.producer.next");
  EXPECT_EQ(injector.TakeFired().size(), 5000u);
  EXPECT_LT(injector.EffectivePlan().size(), size_t{64} << 10);
  EXPECT_EQ(injector.items()[0].fired, 5003u);
}

}  // namespace
}  // namespace tenter
