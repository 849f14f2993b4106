// What Parking promises beyond the engine's own tests: the wake-up that a failed start would lose.
#include "runtime/engine/ready/parking.h"

#include <gtest/gtest.h>

namespace tenter {
namespace {

// Worker 0 lies down while a thread is started for worker 1, and trusts that worker 1 will look.
// The start fails, so worker 0 has to look again.
TEST(Parking, WhoeverLiesDownWhileAStartFailsIsWoken) {
  constexpr int kIdleNs = 1000;
  Atomic<bool> work = false, work_of_last = false;
  Atomic<int> looks = 0;
  Thread first, second, last;
  Parking* parking = nullptr;
  const auto start = [&](int worker) {
    EXPECT_EQ(worker, 1);
    EXPECT_TRUE(first
                    .Start("first",
                           [&] {
                             EXPECT_TRUE(parking->Await(0, /*is_new=*/false, [&] {
                               looks.FetchAdd(1, kSeqCst);
                               return work.Load(kSeqCst);
                             }));
                           })
                    .ok());
    while (looks.Load(kSeqCst) == 0) YieldThread();  // in vain, and for the last time
    work.Store(true, kSeqCst);
    parking->NotifyOne();  // relies on worker 1
    return false;
  };
  Parking all(3, /*spin_ns=*/0, kIdleNs, start);
  parking = &all;
  EXPECT_TRUE(all.Await(0, /*is_new=*/true, [] { return true; }));  // it is busy from here on
  ASSERT_TRUE(last.Start("last",
                         [&] {
                           EXPECT_TRUE(all.Await(2, /*is_new=*/true,
                                                 [&] { return work_of_last.Load(kSeqCst); }));
                         })
                  .ok());
  while (all.asleep() < 1) YieldThread();
  ASSERT_TRUE(second
                  .Start("second",
                         [&] { EXPECT_FALSE(all.Await(1, /*is_new=*/true, [] { return false; })); })
                  .ok());
  while (all.gone() < 1) YieldThread();
  work_of_last.Store(true, kSeqCst);
  all.NotifyOne();
  last.Join();
  EXPECT_EQ(all.asleep(), 0);

  all.NotifyOne();  // nobody spins or sleeps
  first.Join();
  EXPECT_EQ(all.gone(), 1);
}

// A worker that is woken when it has found work by itself does not take that for the next wake-up.
TEST(Parking, AWakeUpThatCameTooLateWakesNobody) {
  Parking all(1, /*spin_ns=*/0, /*leave_ns=*/0, [](int) { return false; });
  EXPECT_TRUE(all.Await(0, /*is_new=*/true, [&] {
    if (all.asleep() == 0) return false;
    all.NotifyOne();
    return true;
  }));
  Atomic<bool> work = false;
  Thread worker;
  ASSERT_TRUE(worker
                  .Start("worker",
                         [&] {
                           EXPECT_TRUE(
                               all.Await(0, /*is_new=*/false, [&] { return work.Load(kSeqCst); }));
                         })
                  .ok());
  while (all.asleep() == 0) YieldThread();
  work.Store(true, kSeqCst);
  all.NotifyOne();
  worker.Join();
  EXPECT_EQ(all.asleep(), 0);
  EXPECT_EQ(all.gone(), 0);
}

}  // namespace
}  // namespace tenter
