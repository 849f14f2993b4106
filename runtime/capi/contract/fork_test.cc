// fork() while other threads create, use and free handles: the child hangs in none of its calls,
// and both processes can go on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/fork_testing.h"
#include "runtime/base/thread.h"
#include "runtime/capi/tenter/tenter.h"

namespace tenter {
namespace {

tenter_code Nothing(void*, const tenter_op_context*, tenter_error*) { return TENTER_OK; }
tenter_code Fail(void*, const tenter_op_context*, tenter_error*) { return TENTER_DATA_LOSS; }

class CApiFork : public testing::Test {
 protected:
  void SetUp() override {
    TENTER_SKIP_FORKS_IN_TSAN();
    ASSERT_EQ(tenter_context_create(nullptr, &context_, &error_), TENTER_OK);
    ASSERT_EQ(tenter_engine_create(context_, nullptr, &engine_, &error_), TENTER_OK);
    ASSERT_EQ(tenter_recording_create(context_, &recording_, &error_), TENTER_OK);
  }
  void TearDown() override { tenter_context_free(context_); }

  // Forks again and again while `use` is called on another thread, again and again. REQUIRES: what
  // it does ends without this thread.
  template <typename Use, typename Child>
  void ForkBeside(Use use, Child child) {
    Atomic<bool> stop = false;
    Thread user;
    ASSERT_TRUE(user.Start("user",
                           [&] {
                             while (!stop.Load(kRelaxed)) use();
                           })
                    .ok());
    for (int i = 0; i < 100 && !HasFailure(); ++i) EXPECT_EQ(Fork(child), 0) << "fork " << i;
    stop.Store(true, kRelaxed);
    user.Join();
  }

  // A push and a failure that is told: a code, or 0.
  static int PushAndAsk(tenter_context* context, tenter_engine engine) {
    tenter_op op = {};
    op.name = "fails";
    op.run = Fail;
    tenter_failure failures[2] = {};
    size_t count = 0;
    if (tenter_push(context, engine, &op, nullptr, nullptr) != TENTER_OK) return 1;
    return tenter_wait_for_all(context, engine, failures, 2, &count, nullptr) != TENTER_OK ? 2 : 0;
  }

  tenter_context* context_ = nullptr;
  tenter_engine engine_ = nullptr;
  tenter_recording recording_ = nullptr;
  tenter_error error_ = {};
};

TEST_F(CApiFork, BesideHandlesThatComeAndGo) {
  ForkBeside(
      [&] {
        tenter_recording made = nullptr;
        EXPECT_EQ(tenter_recording_create(context_, &made, nullptr), TENTER_OK);
        EXPECT_EQ(tenter_recording_free(context_, made, nullptr), TENTER_OK);
      },
      [&] {
        tenter_recording made = nullptr;
        if (tenter_recording_create(context_, &made, nullptr) != TENTER_OK) return 1;
        return tenter_recording_free(context_, made, nullptr) == TENTER_OK ? 0 : 2;
      });
}

TEST_F(CApiFork, BesideARecordingThatGrows) {
  tenter_op op = {};
  op.name = "op";
  op.run = Nothing;
  ForkBeside(
      [&] {
        for (int i = 0; i < 100; ++i)
          EXPECT_EQ(tenter_recording_push(context_, recording_, &op, nullptr), TENTER_OK);
        tenter_program program = nullptr;
        EXPECT_EQ(tenter_capture(context_, engine_, recording_, &program, nullptr), TENTER_OK);
        EXPECT_EQ(tenter_program_free(context_, program, nullptr), TENTER_OK);
      },
      [&] {
        return tenter_recording_push(context_, recording_, &op, nullptr) == TENTER_OK ? 0 : 1;
      });
}

TEST_F(CApiFork, BesideFailuresThatAreTold) {
  ForkBeside([&] { EXPECT_EQ(PushAndAsk(context_, engine_), 0); },
             [&] { return PushAndAsk(context_, engine_); });
}

// A push that is under way ends before the process is copied; the child has all of it or nothing.
TEST_F(CApiFork, BesidePushes) {
  tenter_var vars[2] = {};
  for (tenter_var& var : vars)
    ASSERT_EQ(tenter_var_create(context_, engine_, &var, nullptr), TENTER_OK);
  tenter_op op = {};
  op.name = "op";
  op.run = Nothing;
  op.writes = vars;
  op.write_count = 2;
  const auto push = [&] { return tenter_push(context_, engine_, &op, nullptr, nullptr); };
  const auto wait = [&] {
    size_t failures = 0;
    return tenter_wait_for_all(context_, engine_, nullptr, 0, &failures, nullptr);
  };
  ForkBeside(
      [&] {
        for (int i = 0; i < 100; ++i) EXPECT_EQ(push(), TENTER_OK);
        EXPECT_EQ(wait(), TENTER_OK);
      },
      [&] {
        if (push() != TENTER_OK) return 1;
        return wait() == TENTER_OK ? 0 : 2;
      });
}

// In the child the calls of other threads are gone, and nobody waits for their end.
TEST_F(CApiFork, AChildMayFreeItsContext) {
  ForkBeside(
      [&] {
        size_t count = 0;
        EXPECT_EQ(PushAndAsk(context_, engine_), 0);
        EXPECT_EQ(tenter_wait_for_all(context_, engine_, nullptr, 0, &count, nullptr), TENTER_OK);
      },
      [&] {
        if (tenter_engine_free(context_, engine_, nullptr) != TENTER_OK) return 1;
        tenter_context_free(context_);
        return 0;
      });
}

}  // namespace
}  // namespace tenter
