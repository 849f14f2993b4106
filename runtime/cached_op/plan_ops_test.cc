// The ops of a plan: in each way they keep the order of the steps, and a dataflow keeps apart what
// may run at the same time. The oracle is the order of any two steps, by a search along all others.
#include "runtime/cached_op/plan_ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "runtime/base/rng.h"

namespace tenter {
namespace {

using Matrix = std::vector<std::vector<int>>;  // of truths

bool Has(const std::vector<int>& values, int value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Whether the later one has to wait, of two things that touch these.
bool Conflict(const std::vector<int>& reads, const std::vector<int>& writes,
              const std::vector<int>& later_reads, const std::vector<int>& later_writes) {
  const auto meet = [](const std::vector<int>& a, const std::vector<int>& b) {
    return std::any_of(a.begin(), a.end(), [&](int value) { return Has(b, value); });
  };
  return meet(writes, later_reads) || meet(writes, later_writes) || meet(reads, later_writes);
}

// waits[i][j]: j cannot begin before i has ended.
template <typename Thing>
Matrix WaitsOf(const std::vector<Thing>& things) {
  Matrix waits(things.size(), std::vector<int>(things.size(), 0));
  for (size_t j = 0; j < things.size(); ++j)
    for (size_t i = j; i-- > 0;) {
      int& wait = waits[i][j];
      wait = Conflict(things[i].reads, things[i].writes, things[j].reads, things[j].writes);
      for (size_t k = i + 1; k < j && !wait; ++k) wait = waits[i][k] & waits[k][j];
    }
  return waits;
}

// A step reads what was written and writes a slot or two; what nobody reads after its last write
// is a result.
StepOrder Draw(Rng& rng) {
  StepOrder order;
  order.slots = 1 + rng.Below(8);
  std::vector<int> written, unread;
  const size_t steps = rng.Below(13);
  for (size_t i = 0; i < steps; ++i) {
    StepSlots step;
    for (size_t reads = rng.Below(3); reads > 0 && !written.empty(); --reads)
      step.reads.push_back(written[rng.Below(written.size())]);
    for (size_t writes = 1 + rng.Below(5) / 4; writes > 0; --writes) {
      // A step writes no slot that it reads, and overwrites nothing that is still wanted.
      const int slot = static_cast<int>(rng.Below(order.slots));
      if (!Has(step.reads, slot) && !Has(unread, slot)) step.writes.push_back(slot);
    }
    if (step.writes.empty()) step.writes.push_back(static_cast<int>(order.slots++));
    for (const int slot : step.reads) std::erase(unread, slot);
    for (const int slot : step.writes) {
      if (!Has(written, slot)) written.push_back(slot);
      if (!Has(unread, slot)) unread.push_back(slot);
    }
    order.steps.push_back(std::move(step));
    order.names.push_back("s" + std::to_string(i));
  }
  order.outputs = unread;
  return order;
}

std::string ToText(const StepOrder& order) {
  std::string text;
  for (const StepSlots& step : order.steps) {
    text += "(";
    for (const int slot : step.reads) text += " " + std::to_string(slot);
    text += " ->";
    for (const int slot : step.writes) text += " " + std::to_string(slot);
    text += " ) ";
  }
  return text;
}

std::vector<size_t> OpOfSteps(const PlanOps& ops, size_t steps) {
  std::vector<size_t> op_of(steps, ~size_t{0});
  size_t next = 0;
  for (size_t op = 0; op < ops.ops.size(); ++op) {
    EXPECT_EQ(ops.ops[op].first, next);
    for (; next < ops.ops[op].end; ++next) op_of[next] = op;
  }
  EXPECT_EQ(next, steps);
  return op_of;
}

TEST(GroupSteps, OneOpWhereStepsRunOneAfterAnother) {
  Rng rng(1);
  for (int round = 0; round < 20; ++round) {
    const StepOrder order = Draw(rng);
    for (const Way way : {Way::kSerial, Way::kInline}) {
      const PlanOps ops = GroupSteps(order, way);
      ASSERT_EQ(ops.ops.size(), 1u);
      EXPECT_EQ(ops.ops[0].first, 0u);
      EXPECT_EQ(ops.ops[0].end, order.steps.size());
      EXPECT_EQ(ops.vars, 0u);
    }
  }
}

// Steps wait for one another exactly when their ops do; and what an op fails with gets to the end
// on a way of reads, by which alone it is carried.
TEST(GroupSteps, ADataflowKeepsTheOrderAndNothingElse) {
  size_t beside = 0, grouped = 0;
  for (uint64_t seed = 1; seed <= 3000 && !HasFailure(); ++seed) {
    Rng rng(seed);
    const StepOrder order = Draw(rng);
    const PlanOps ops = GroupSteps(order, Way::kDataflow);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + ToText(order));
    const std::vector<size_t> op_of = OpOfSteps(ops, order.steps.size());
    const Matrix steps_wait = WaitsOf(order.steps), ops_wait = WaitsOf(ops.ops);
    for (size_t j = 0; j < order.steps.size(); ++j)
      for (size_t i = 0; i < j; ++i) {
        if (op_of[i] == op_of[j]) {
          EXPECT_TRUE(steps_wait[i][j]) << i << " and " << j << " could run at the same time";
          grouped += 1;
        } else if (steps_wait[i][j]) {
          EXPECT_TRUE(ops_wait[op_of[i]][op_of[j]]) << i << " before " << j;
        } else {
          EXPECT_FALSE(ops_wait[op_of[i]][op_of[j]]) << i << " beside " << j;
          beside += 1;
        }
      }
    for (size_t op = 0; op + 1 < ops.ops.size(); ++op) {
      EXPECT_TRUE(ops_wait[op].back()) << "the end does not wait for op " << op;
      EXPECT_FALSE(ops.ops[op].writes.empty()) << op;
    }
  }
  EXPECT_GT(beside, 1000u);
  EXPECT_GT(grouped, 1000u);
}

// What an op fails with poisons what it writes, and reading alone carries it on. Says whether the
// end is skipped when `failing` fails, or nobody where there is no such op, and what the request
// before has left in all vars.
bool EndIsSkipped(const PlanOps& ops, size_t failing, bool before) {
  std::vector<int> poisoned(ops.vars, before);
  bool skipped = false;
  for (size_t op = 0; op < ops.ops.size(); ++op) {
    skipped = op == failing || std::any_of(ops.ops[op].reads.begin(), ops.ops[op].reads.end(),
                                           [&](int var) { return poisoned[var]; });
    for (const int var : ops.ops[op].writes) poisoned[var] = skipped;
  }
  return skipped;
}

TEST(GroupSteps, TheEndHearsOfEachFailureOfItsRequestAlone) {
  for (uint64_t seed = 1; seed <= 3000 && !HasFailure(); ++seed) {
    Rng rng(seed);
    const StepOrder order = Draw(rng);
    const PlanOps ops = GroupSteps(order, Way::kDataflow);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + ToText(order));
    for (size_t failing = 0; failing < ops.ops.size(); ++failing)
      EXPECT_TRUE(EndIsSkipped(ops, failing, false)) << "of op " << failing;
    EXPECT_FALSE(EndIsSkipped(ops, ops.ops.size(), true)) << "of the request before";
  }
}

}  // namespace
}  // namespace tenter
