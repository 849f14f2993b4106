// HandleTable under use: who is inside when a handle is closed, and what its last user does.
#include "runtime/capi/context/handle_table.h"

#include <gtest/gtest.h>

#include <list>
#include <set>
#include <vector>

#include "runtime/base/fork_testing.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

using ModelPin = Pin<const Graph>;
using BriefPin = Pin<const Graph, CallKind::kBrief>;

// A model that says when it is destroyed.
std::shared_ptr<const Graph> Model(Atomic<int>* destroyed) {
  return {new Graph, [destroyed](const Graph* model) {
            delete model;
            destroyed->FetchAdd(1, kRelease);
          }};
}

bool Close(HandleTable* table, uintptr_t number) {
  const ModelPin pin(table, number);
  return pin && pin.slot()->Close(number);
}

TEST(HandleTable, NumbersAreNeverUsedTwice) {
  Atomic<int> destroyed = 0;  // outlives the table
  HandleTable table;
  std::set<uintptr_t> seen = {0};
  for (int round = 0; round < 100; ++round) {
    std::vector<uintptr_t> open;
    for (int i = 0; i < 50; ++i) {
      open.push_back(table.Add(Model(&destroyed)).value());
      EXPECT_TRUE(seen.insert(open.back()).second);
    }
    for (const uintptr_t number : open) EXPECT_TRUE(Close(&table, number));
    for (const uintptr_t number : open) EXPECT_FALSE(ModelPin(&table, number));
  }
  EXPECT_EQ(destroyed.Load(kAcquire), 5000);
  for (const uintptr_t number : seen) EXPECT_FALSE(ModelPin(&table, number));
}

TEST(HandleTable, AnObjectOfAnotherKindIsNotFound) {
  Atomic<int> destroyed = 0;  // outlives the table
  HandleTable table;
  const uintptr_t number = table.Add(Model(&destroyed)).value();
  EXPECT_FALSE(Pin<TraceObject>(&table, number));
  EXPECT_FALSE(ModelPin(&table, number + 1));
  EXPECT_FALSE(ModelPin(&table, ~uintptr_t{0}));
  EXPECT_TRUE(ModelPin(&table, number));
}

// Uses the model of `number` until it is closed.
template <typename AnyPin>
void Use(HandleTable* table, uintptr_t number, const Atomic<int>& destroyed, Atomic<int>* entered) {
  while (true) {
    const AnyPin pin(table, number);
    if (!pin) return;
    entered->FetchAdd(1, kRelaxed);
    EXPECT_EQ(pin->nodes.size(), 0u);
    EXPECT_EQ(destroyed.Load(kAcquire), 0);
  }
}

// Whoever is inside keeps the object, and it goes once, with the last of them.
TEST(HandleTable, TheLastOneOutDestroysTheObject) {
  constexpr int kRounds = 100, kUsers = 3;
  HandleTable table;
  for (int round = 0; round < kRounds; ++round) {
    Atomic<int> destroyed = 0, entered = 0, closed = 0;
    const uintptr_t number = table.Add(Model(&destroyed), true).value();
    std::vector<Thread> users(kUsers);
    for (int i = 0; i < kUsers; ++i)
      ASSERT_TRUE(users[i]
                      .Start("user",
                             [&, i] {
                               if (i % 2 == 0)
                                 Use<ModelPin>(&table, number, destroyed, &entered);
                               else
                                 Use<BriefPin>(&table, number, destroyed, &entered);
                             })
                      .ok());
    std::vector<Thread> closers(2);
    for (Thread& closer : closers)
      ASSERT_TRUE(closer
                      .Start("closer",
                             [&] {
                               while (entered.Load(kRelaxed) < round % 20) SpinPause();
                               closed.FetchAdd(Close(&table, number) ? 1 : 0, kRelaxed);
                             })
                      .ok());
    for (Thread& thread : users) thread.Join();
    for (Thread& thread : closers) thread.Join();
    EXPECT_EQ(closed.Load(kRelaxed), 1);
    EXPECT_EQ(destroyed.Load(kAcquire), 1) << "round " << round;
  }
}

TEST(HandleTable, ABriefCallNeedsAHandleThatTakesIt) {
  Atomic<int> destroyed = 0;  // outlives the table
  HandleTable table;
  const uintptr_t plain = table.Add(Model(&destroyed)).value();
  const uintptr_t brief = table.Add(Model(&destroyed), true).value();
  EXPECT_FALSE(BriefPin(&table, plain));
  EXPECT_TRUE(ModelPin(&table, plain));
  EXPECT_TRUE(BriefPin(&table, brief));
  EXPECT_TRUE(Close(&table, brief));
  EXPECT_FALSE(BriefPin(&table, brief));
  EXPECT_FALSE(BriefPin(&table, table.Add(Model(&destroyed)).value()));  // in the same slot
}

// The count of brief calls has a most, which must not run over into the count beside it.
TEST(HandleTable, TooManyBriefCallsAreNotTaken) {
  constexpr int kMost = 1023;
  Atomic<int> destroyed = 0;  // outlives the table
  HandleTable table;
  const uintptr_t number = table.Add(Model(&destroyed), true).value();
  std::list<BriefPin> pins;
  for (int i = 0; i < kMost; ++i) EXPECT_TRUE(pins.emplace_back(&table, number)) << i;
  EXPECT_FALSE(BriefPin(&table, number));
  EXPECT_TRUE(Close(&table, number));
  while (pins.size() > 1) pins.pop_back();
  EXPECT_EQ(destroyed.Load(kAcquire), 0);
  pins.clear();
  EXPECT_EQ(destroyed.Load(kAcquire), 1);
}

// A fork waits for a brief call, and refuses others until it is over: in the child for ever, but of
// handles that are new there.
TEST(HandleTable, AForkWaitsForBriefCalls) {
  TENTER_SKIP_FORKS_IN_TSAN();
  Atomic<int> destroyed = 0;  // outlives the table
  HandleTable table;
  const uintptr_t number = table.Add(Model(&destroyed), true).value();
  Gate inside;
  Atomic<bool> left = false;
  Thread user;
  ASSERT_TRUE(user.Start("user",
                         [&] {
                           const BriefPin pin(&table, number);
                           inside.Open();
                           while (BriefPin(&table, number)) SpinPause();  // until the fork begins
                           EXPECT_TRUE(ModelPin(&table, number));
                           const uintptr_t late = table.Add(Model(&destroyed), true).value();
                           EXPECT_FALSE(BriefPin(&table, late));
                           left.Store(true, kRelease);
                         })
                  .ok());
  inside.Wait();
  EXPECT_EQ(Fork([&] {
              if (!left.Load(kAcquire)) return 1;
              if (BriefPin(&table, number) || !ModelPin(&table, number)) return 2;
              return BriefPin(&table, table.Add(Model(&destroyed), true).value()) ? 0 : 3;
            }),
            0);
  user.Join();
  EXPECT_TRUE(BriefPin(&table, number));
}

TEST(HandleTable, ClearWaitsForThoseInside) {
  Atomic<int> destroyed = 0;  // outlives the table
  HandleTable table;
  const uintptr_t number = table.Add(Model(&destroyed)).value();
  Gate inside, leave;
  Thread user;
  ASSERT_TRUE(user.Start("user",
                         [&] {
                           const ModelPin pin(&table, number);
                           inside.Open();
                           leave.Wait();
                           while (ModelPin(&table, number)) SpinPause();  // until Clear has closed
                           EXPECT_EQ(destroyed.Load(kAcquire), 0);
                         })
                  .ok());
  inside.Wait();
  leave.Open();
  table.Clear();
  EXPECT_EQ(destroyed.Load(kAcquire), 1);
  user.Join();
  EXPECT_EQ(table.Add(Model(&destroyed)).status().code(), StatusCode::kClosed);
  EXPECT_EQ(destroyed.Load(kAcquire), 2);
}

}  // namespace
}  // namespace tenter
