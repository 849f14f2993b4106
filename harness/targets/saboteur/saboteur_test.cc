// Each saboteur against a tiny target: var 0 is healthy, every other var failed, and an
// invocation answers its input.
#include "harness/targets/saboteur/saboteur.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "harness/workloads/collisions.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// An invocation with this input, or a smaller one, waits for FakeTarget::gate.
constexpr int kSlow = -1;
// An invocation with this input finds no memory.
constexpr int kNoMemory = 1'000'000;

struct FakeTarget {
  Gate gate;
  CallCounter entered;  // slow invocations
  int closed = 0;
};

FakeTarget& Fake(void* self) { return *static_cast<FakeTarget*>(self); }

tgt_code FakeInvoke(void* self, tgt_handle, const tgt_tensor* inputs, size_t, tgt_tensor* outputs,
                    size_t, tgt_error* error) {
  const int value = *static_cast<const int*>(inputs[0].data);
  if (value == kNoMemory) {
    error->code = TGT_RESOURCE_EXHAUSTED;
    return TGT_RESOURCE_EXHAUSTED;
  }
  if (value <= kSlow) {
    Fake(self).entered.Add();
    Fake(self).gate.Wait();
  }
  outputs[0] = inputs[0];
  outputs[0].data = new int(value);
  return TGT_OK;
}

void FakeRelease(void*, tgt_tensor* tensor) { delete static_cast<int*>(tensor->data); }

tgt_code FakeWait(void*, tgt_handle, tgt_var var, tgt_failure* failure, tgt_error* error) {
  if (var.index == 0) return TGT_OK;
  failure->push_number = var.index;
  std::snprintf(failure->op, sizeof(failure->op), "op%u", var.index);
  error->code = TGT_INTERNAL;
  return TGT_INTERNAL;
}

tgt_target FakeTable() {
  tgt_target table = {};
  table.abi_version = TGT_ABI_VERSION;
  table.name = "fake";
  table.groups = TGT_ENGINE | TGT_MODEL;
  table.close = [](void* self) { ++Fake(self).closed; };
  table.tensor_release = FakeRelease;
  table.invoke = FakeInvoke;
  table.wait_for_var = FakeWait;
  return table;
}

class Saboteur : public testing::Test {
 protected:
  void Open(std::string_view name) {
    auto wrapped = Sabotage(std::make_unique<TargetInstance>(&table_, &fake_), name);
    ASSERT_TRUE(wrapped.ok()) << wrapped.status().message();
    target_ = std::move(wrapped).value();
  }

  int Invoke(int value) {
    tgt_tensor input = {}, output = {};
    tgt_error error = {};
    input.data = &value;
    input.size_bytes = sizeof(value);
    EXPECT_EQ(target_->table().invoke(target_->self(), 1, &input, 1, &output, 1, &error), TGT_OK);
    const int answer = *static_cast<int*>(output.data);
    target_->table().tensor_release(target_->self(), &output);
    return answer;
  }

  tgt_code InvokeWithoutMemory(tgt_error* error) {
    int value = kNoMemory;
    tgt_tensor input = {}, output = {};
    input.data = &value;
    return target_->table().invoke(target_->self(), 1, &input, 1, &output, 1, error);
  }

  // The answers to 0, 1, ..., count - 1, one after the other, while a slow invocation is in flight.
  std::vector<int> AnswersBesideASlowOne(int count) {
    Thread slow;
    EXPECT_TRUE(slow.Start("slow", [this] { Invoke(kSlow); }).ok());
    fake_.entered.AwaitAtLeast(1);
    std::vector<int> answers;
    for (int i = 0; i < count; ++i) answers.push_back(Invoke(i));
    fake_.gate.Open();
    slow.Join();
    return answers;
  }

  // The op that a wait for this var blames, or "".
  std::string Wait(uint32_t var) {
    tgt_failure failure = {};
    tgt_error error = {};
    const tgt_code code =
        target_->table().wait_for_var(target_->self(), 1, {var, 0}, &failure, &error);
    EXPECT_EQ(code == TGT_OK, failure.op[0] == '\0');
    EXPECT_EQ(code, error.code);
    return failure.op;
  }

  const tgt_target table_ = FakeTable();
  FakeTarget fake_;
  std::unique_ptr<TargetInstance> target_;
};

TEST_F(Saboteur, ForwardsWhatItDoesNotSpoilAndClosesTheInnerInstance) {
  Open("lost_failure");
  EXPECT_EQ(Invoke(7), 7);
  EXPECT_STREQ(target_->table().name, "fake");
  EXPECT_EQ(target_->table().engine_create, nullptr);
  EXPECT_EQ(fake_.closed, 0);
  target_.reset();
  EXPECT_EQ(fake_.closed, 1);
}

TEST_F(Saboteur, UnknownNameGetsTheNearestMatch) {
  auto wrapped = Sabotage(std::make_unique<TargetInstance>(&table_, &fake_), "swap_output");
  EXPECT_EQ(wrapped.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(wrapped.status().message(),
            "unknown saboteur 'swap_output', did you mean 'swap_outputs'?");
}

TEST_F(Saboteur, TargetWithoutTheSpoiledGroupIsRefused) {
  tgt_target engine_only = FakeTable();
  engine_only.groups = TGT_ENGINE;
  auto wrapped = Sabotage(std::make_unique<TargetInstance>(&engine_only, &fake_), "flip_bit");
  EXPECT_EQ(wrapped.status().message(),
            "saboteur 'flip_bit' spoils models, which target fake does not have");
}

// But those that are made for callers that are alone, that leave a block behind each time, which a
// sanitizer would find, or that spoil what the tiny target does not have.
TEST_F(Saboteur, EveryoneLeavesSingleInvocationsAlone) {
  const std::set<std::string_view> others = {"lonely_refusal", "rarely_another", "leak_per_call"};
  for (const SaboteurType& type : Saboteurs()) {
    if (others.contains(type.name) || type.group == TGT_ITERATOR) continue;
    Open(type.name);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(Invoke(i), i) << type.name;
  }
}

TEST_F(Saboteur, SwapOutputsExchangesTwoInFlight) {
  Open("swap_outputs");
  int answers[2] = {};
  Thread callers[2];
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(callers[i].Start("caller", [&, i] { answers[i] = Invoke(kSlow - i); }).ok());
  fake_.entered.AwaitAtLeast(2);
  fake_.gate.Open();
  for (Thread& caller : callers) caller.Join();
  EXPECT_EQ(answers[0], kSlow - 1);
  EXPECT_EQ(answers[1], kSlow);
}

TEST_F(Saboteur, SwapOutputsLetsALonelyOneGo) {
  Open("swap_outputs");
  EXPECT_EQ(AnswersBesideASlowOne(1), std::vector<int>{0});
}

TEST_F(Saboteur, StaleOutputRepeatsTheAnswerBefore) {
  Open("stale_output");
  EXPECT_EQ(AnswersBesideASlowOne(6), (std::vector<int>{0, 1, 2, 3, 3, 5}));
}

TEST_F(Saboteur, FlipBitChangesOneBitOfTheSeventhAnswer) {
  Open("flip_bit");
  EXPECT_EQ(AnswersBesideASlowOne(8), (std::vector<int>{0, 1, 2, 3, 4, 5, 6 ^ (1 << 16), 7}));
}

TEST_F(Saboteur, LonelyRefusalRefusesTheTwentiethThatIsAlone) {
  Open("lonely_refusal");
  int value = 1;
  tgt_tensor input = {}, output = {};
  input.data = &value;
  tgt_error error = {};
  for (int i = 1; i < 20; ++i) EXPECT_EQ(Invoke(i), i);
  EXPECT_EQ(target_->table().invoke(target_->self(), 1, &input, 1, &output, 1, &error),
            TGT_CONCURRENT_USE);
}

TEST_F(Saboteur, RarelyAnotherChangesTheHundredthAnswer) {
  Open("rarely_another");
  for (int i = 1; i < 100; ++i) EXPECT_EQ(Invoke(i), i);
  EXPECT_NE(Invoke(100), 100);
}

TEST_F(Saboteur, ZeroOutputIsASuccess) {
  Open("zero_output");
  EXPECT_EQ(AnswersBesideASlowOne(6), (std::vector<int>{0, 1, 2, 3, 0, 5}));
}

TEST_F(Saboteur, WrongWaiterBlamesTheNextHealthyVar) {
  Open("wrong_waiter");
  EXPECT_EQ(Wait(1), "");
  EXPECT_EQ(Wait(2), "op2");  // one failure is withheld at a time
  EXPECT_EQ(Wait(0), "op1");
  EXPECT_EQ(Wait(0), "");
}

TEST_F(Saboteur, LostRefusalSaysThatItSucceeded) {
  tgt_error error = {};
  Open("lost_failure");
  EXPECT_EQ(InvokeWithoutMemory(&error), TGT_RESOURCE_EXHAUSTED);
  Open("lost_refusal");
  EXPECT_EQ(InvokeWithoutMemory(&error), TGT_OK);
  EXPECT_EQ(error.code, TGT_OK);
}

TEST_F(Saboteur, LostErrorLosesEveryThird) {
  Open("lost_failure");
  EXPECT_EQ(Wait(1), "op1");
  EXPECT_EQ(Wait(0), "");
  EXPECT_EQ(Wait(1), "op1");
  EXPECT_EQ(Wait(1), "");
  EXPECT_EQ(Wait(1), "op1");
}

}  // namespace
}  // namespace tenter
