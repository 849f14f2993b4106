#include "runtime/device/team.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <memory>
#include <set>
#include <vector>

#include "runtime/base/fork_testing.h"
#include "runtime/base/gate.h"
#include "runtime/base/rng.h"
#include "runtime/device/teams.h"

namespace tenter {
namespace {

// How often each part was run. Plain ints: the team orders what its threads write.
struct Counts {
  explicit Counts(size_t parts) : of_parts(parts) {}
  static void Count(void* of, size_t index) noexcept {
    ++static_cast<Counts*>(of)->of_parts[index];
  }
  std::vector<int> of_parts;
};

TEST(Team, RunsEachPartOnce) {
  const auto seed = static_cast<uint64_t>(GTEST_FLAG_GET(random_seed));
  SCOPED_TRACE("--gtest_random_seed=" + std::to_string(seed));
  Rng rng(seed);
  for (int threads = 1; threads <= 4; ++threads) {
    Team team(Inheritance::OfThisThread(), threads);
    if (rng.Chance(50)) team.Staff();
    for (int round = 0; round < 2000; ++round) {
      if (round == 500) team.Staff();
      const auto parts = static_cast<size_t>(rng.Below(9));
      Counts counts(parts);
      team.Run(parts, &Counts::Count, &counts);
      ASSERT_EQ(counts.of_parts, std::vector<int>(parts, 1)) << "round " << round;
    }
  }
}

// A part that waits for the other one ends only if a helper runs one of them.
struct Meeting {
  static void Meet(void* of, size_t) noexcept {
    auto* const meeting = static_cast<Meeting*>(of);
    meeting->here.FetchAdd(1, kRelease);
    while (meeting->here.Load(kAcquire) < 2) YieldThread();
  }
  Atomic<int> here = 0;
};

TEST(Team, HelpersHelp) {
  Team team(Inheritance::OfThisThread(), 2);
  team.Staff();
  for (int round = 0; round < 200; ++round) {
    Meeting meeting;
    team.Run(2, &Meeting::Meet, &meeting);
    EXPECT_EQ(meeting.here.Load(kRelaxed), 2);
  }
}

TEST(Team, WakesThoseThatSleep) {
  Team team(Inheritance::OfThisThread(), 2);
  team.Staff();
  for (int round = 0; round < 20; ++round) {
    while (team.asleep() == 0) YieldThread();
    Meeting meeting;
    team.Run(2, &Meeting::Meet, &meeting);
    EXPECT_EQ(meeting.here.Load(kRelaxed), 2);
  }
}

// Helpers round as the caller does, who may have another mode than the one that made the team.
TEST(Team, RoundsAsTheCaller) {
  struct Rounds : Meeting {
    static void Look(void* of, size_t index) noexcept {
      auto* const rounds = static_cast<Rounds*>(of);
      volatile float one = 1.0f, little = 1e-9f;
      rounds->sums[index] = one + little;
      Meet(static_cast<Meeting*>(rounds), index);
    }
    float sums[2] = {};
  };
  Team team(Inheritance::OfThisThread(), 2);
  team.Staff();
  for (const int mode : {FE_UPWARD, FE_TONEAREST}) {
    ASSERT_EQ(std::fesetround(mode), 0);
    Rounds rounds;
    team.Run(2, &Rounds::Look, &rounds);
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(rounds.sums[0] > 1.0f, mode == FE_UPWARD);
    EXPECT_EQ(rounds.sums[1] > 1.0f, mode == FE_UPWARD);
  }
}

TEST(Teams, LendsEachTeamOnce) {
  Teams teams(2, 2);
  std::set<Team*> lent;
  {
    const Teams::Loan first(&teams), second(&teams), third(&teams);
    lent = {first.get(), second.get(), third.get()};
    EXPECT_EQ(third.get(), nullptr);
  }
  EXPECT_EQ(lent.size(), 3u);
  const Teams::Loan again(&teams);
  EXPECT_NE(again.get(), nullptr);
  EXPECT_EQ(lent.count(again.get()), 1u);
}

TEST(Teams, NobodyLendsNothing) {
  const Teams::Loan loan(nullptr);
  EXPECT_EQ(loan.get(), nullptr);
}

// 0 when all parts were run, on two threads.
int MeetInTeam(Team* team) {
  if (team == nullptr) return 2;
  Meeting meeting;
  team->Run(2, &Meeting::Meet, &meeting);
  return meeting.here.Load(kRelaxed) == 2 ? 0 : 1;
}

TEST(Teams, StartOthersInTheChildOfAFork) {
  TENTER_SKIP_FORKS_IN_TSAN();
  Teams teams(1, 2);
  const auto lend_and_meet = [&] {
    const Teams::Loan loan(&teams);
    return MeetInTeam(loan.get());
  };
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(lend_and_meet(), 0);
    EXPECT_EQ(Fork(lend_and_meet), 0);
  }
}

// What another thread had borrowed is free in the child; what this one has is still its own.
TEST(Teams, AreFreeInTheChildOfAFork) {
  TENTER_SKIP_FORKS_IN_TSAN();
  Teams teams(2, 2);
  Gate lent, done;
  Thread other;
  ASSERT_TRUE(other
                  .Start("borrower",
                         [&] {
                           const Teams::Loan loan(&teams);
                           lent.Open();
                           done.Wait();
                         })
                  .ok());
  lent.Wait();
  const Teams::Loan mine(&teams);
  EXPECT_EQ(0, Fork([&] {
              const Teams::Loan another(&teams), none(&teams);
              if (another.get() == nullptr || another.get() == mine.get()) return 4;
              if (none.get() != nullptr) return 5;
              Counts counts(3);
              mine.get()->Run(3, &Counts::Count,
                              &counts);  // without helpers, until it is lent again
              if (counts.of_parts != std::vector<int>(3, 1)) return 6;
              return MeetInTeam(another.get());
            }));
  done.Open();
}

}  // namespace
}  // namespace tenter
