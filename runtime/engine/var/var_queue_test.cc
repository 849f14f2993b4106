// The var queue is small enough to be tested on *all* histories: every sequence of reads and
// writes up to a length, and for each every order in which granted accesses may end, interleaved
// with the appends.
#include "runtime/engine/var/var_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenter {
namespace {

// One history: modes[i] is the i-th access to be appended. The walk branches over every choice of
// what happens next: append the next access, or complete one that is granted.
class Walk {
 public:
  explicit Walk(const std::vector<AccessMode>& modes) : modes_(modes) {}

  long Run() {
    Step({});
    return histories_;
  }

 private:
  // Replays `choices` from an empty queue (so that the state is the queue's own), checks, and
  // branches. Choice -1 appends the next access; k >= 0 completes access k.
  void Step(std::vector<int> choices) {
    VarQueue queue;
    std::vector<Access> accesses(modes_.size());
    std::vector<bool> granted(modes_.size()), ended(modes_.size());
    size_t appended = 0;
    for (const int choice : choices) {
      if (choice < 0) {
        accesses[appended].mode = modes_[appended];
        granted[appended] = queue.Append(&accesses[appended]);
        ++appended;
      } else {
        ended[choice] = true;
        for (Access* next = queue.Complete(&accesses[choice]); next != nullptr; next = next->next) {
          const size_t index = next - accesses.data();
          ASSERT_FALSE(granted[index]) << "granted twice: " << Story(choices);
          granted[index] = true;
        }
      }
      Check(appended, granted, ended, choices);
    }
    bool moved = false;
    if (appended < modes_.size()) Branch(choices, -1, &moved);
    for (size_t i = 0; i < appended; ++i)
      if (granted[i] && !ended[i]) Branch(choices, static_cast<int>(i), &moved);
    if (!moved) {
      ++histories_;
      for (size_t i = 0; i < modes_.size(); ++i) EXPECT_TRUE(ended[i]) << Story(choices);
      EXPECT_TRUE(queue.idle());
    }
  }

  void Branch(std::vector<int> choices, int choice, bool* moved) {
    *moved = true;
    choices.push_back(choice);
    Step(std::move(choices));
  }

  // The specification, without a queue: access i may run exactly when every earlier access that
  // conflicts with it, or stands before a waiting one that does, has ended. For a FIFO of readers
  // and writers that is: all earlier writes ended, and for a write all earlier reads too (ENG-1,
  // ENG-3).
  void Check(size_t appended, const std::vector<bool>& granted, const std::vector<bool>& ended,
             const std::vector<int>& choices) {
    for (size_t i = 0; i < appended; ++i) {
      bool may_run = true;
      for (size_t j = 0; j < i; ++j)
        if (!ended[j] && (Writes(modes_[i]) || Writes(modes_[j]))) may_run = false;
      EXPECT_EQ(granted[i], may_run) << "access " << i << " after " << Story(choices);
    }
  }

  std::string Story(const std::vector<int>& choices) const {
    std::string text;
    for (const AccessMode mode : modes_) text += Writes(mode) ? 'W' : 'R';
    text += ":";
    for (const int choice : choices)
      text += choice < 0 ? " append" : " end" + std::to_string(choice);
    return text;
  }

  const std::vector<AccessMode> modes_;
  long histories_ = 0;
};

// ENG-1, exhaustively for every sequence of up to 6 accesses.
TEST(VarQueue, GrantsExactlyWhatMayRunInAllShortHistories) {
  constexpr AccessMode kModes[] = {AccessMode::kRead, AccessMode::kWrite};
  long histories = 0;
  for (size_t length = 0; length <= 6; ++length)
    for (size_t bits = 0; bits < (size_t{1} << length); ++bits) {
      std::vector<AccessMode> modes;
      for (size_t i = 0; i < length; ++i) modes.push_back(kModes[(bits >> i) & 1]);
      histories += Walk(modes).Run();
      if (HasFailure()) return;
    }
  EXPECT_GT(histories, 10000);
  RecordProperty("histories", std::to_string(histories));
}

TEST(VarQueue, AnUpdateIsExclusiveLikeAWrite) {
  VarQueue queue;
  Access read{.mode = AccessMode::kRead}, update{.mode = AccessMode::kUpdate};
  EXPECT_TRUE(queue.Append(&read));
  EXPECT_FALSE(queue.Append(&update));
  EXPECT_EQ(queue.Complete(&read), &update);
  EXPECT_EQ(queue.Complete(&update), nullptr);
  EXPECT_TRUE(queue.idle());
}

// ENG-6: a wait is granted where a read would be, holds nothing, and is over at once.
TEST(VarQueue, AWaitPassesWithTheWritesBeforeIt) {
  VarQueue queue;
  Access first{.mode = AccessMode::kWrite}, wait{.mode = AccessMode::kWait},
      read{.mode = AccessMode::kRead}, also{.mode = AccessMode::kWait},
      second{.mode = AccessMode::kWrite}, last{.mode = AccessMode::kWait};
  EXPECT_TRUE(queue.Append(&first));
  for (Access* access : {&wait, &second, &also, &read, &last}) EXPECT_FALSE(queue.Append(access));
  // The wait and, since it holds nothing, the write behind it.
  EXPECT_EQ(queue.Complete(&first), &wait);
  EXPECT_EQ(wait.next, &second);
  EXPECT_EQ(second.next, nullptr);
  EXPECT_EQ(queue.Complete(&second), &also);
  EXPECT_EQ(also.next, &read);
  EXPECT_EQ(read.next, &last);
  EXPECT_EQ(last.next, nullptr);
  Access late{.mode = AccessMode::kWait};
  EXPECT_TRUE(queue.Append(&late)) << "a reader does not keep a wait from passing";
  EXPECT_EQ(queue.Complete(&read), nullptr);
  EXPECT_TRUE(queue.idle());
}

TEST(VarQueue, WaitsCanBeForgotten) {
  VarQueue queue;
  Access first{.mode = AccessMode::kWrite}, wait{.mode = AccessMode::kWait},
      second{.mode = AccessMode::kWrite}, last{.mode = AccessMode::kWait};
  for (Access* access : {&first, &wait, &second, &last}) queue.Append(access);
  queue.RemoveWaits();
  Access third{.mode = AccessMode::kRead};
  EXPECT_FALSE(queue.Append(&third));
  EXPECT_EQ(queue.Complete(&first), &second);
  EXPECT_EQ(second.next, nullptr);
  EXPECT_EQ(queue.Complete(&second), &third);
}

TEST(VarQueueDeathTest, CompletingWhatWasNotGrantedIsAProgrammerError) {
  VarQueue queue;
  Access first{.mode = AccessMode::kWrite}, second{.mode = AccessMode::kWrite};
  queue.Append(&first);
  queue.Append(&second);
  EXPECT_DEATH(queue.Complete(&second), "never granted");
}

}  // namespace
}  // namespace tenter
