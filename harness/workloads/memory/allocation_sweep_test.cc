// The oracle of a sweep: it must see each way in which a call without memory can go wrong, and must
// not blame a target that is right.
#include "harness/workloads/memory/allocation_sweep.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/faults/known_sites.h"

namespace tenter {
namespace {

// Allocations that a test counts itself.
class FakeAllocations final : public AllocationFaults {
 public:
  std::string Obstacle(Allocator) const override { return obstacle_; }
  void Arm(int64_t n, Allocator) override {
    n_ = n;
    seen_ = 0;
  }
  Counts Disarm() override { return {.seen = seen_, .failed = n_ <= seen_}; }
  int64_t live_blocks() const override { return live_; }

  bool Allocate() { return ++seen_ != n_; }
  void Keep() { ++live_; }
  void GiveBack() { --live_; }
  void Refuse() { obstacle_ = "not here"; }

 private:
  std::string obstacle_;
  int64_t n_ = kNever, seen_ = 0, live_ = 0;
};

constexpr int kAllocations = 5;

tgt_target ClosingTable() {
  tgt_target table = {};
  table.close = [](void*) {};
  return table;
}

class Sweep : public testing::Test, public ShortCall {
 protected:
  // Runs a sweep over a call that answers with `answer_` when an allocation fails.
  void Run() {
    ASSERT_TRUE(parameters_.Check(SweepParameters({})).ok());
    Stage stage{.parameters = parameters_,
                .target = target_,
                .injector = injector_,
                .flight = flight_,
                .board = board_,
                .progress = progress_,
                .seed = 1,
                .scratch_dir = "",
                .watch_parameters = nullptr,
                .allocations = allocations_};
    sweep_.emplace(stage, "call");
    const Status status = sweep_->Run(this);
    EXPECT_TRUE(status.ok()) << status.message();
  }
  void Refuse(tgt_error* error, tgt_code code, const char* message) {
    error->code = code;
    std::snprintf(error->message, sizeof(error->message), "%s", message);
  }
  CheckState State(const CheckType& check) {
    for (const CheckResult& result : board_.results())
      if (result.name == check.name) return result.state;
    return CheckState::kNoPower;
  }

  Status Prepare() override { return {}; }
  void Call() override {
    result_ = Ask([&](tgt_error* error) {
      for (int i = 0; i < allocates_; ++i)
        if (!fake_.Allocate()) return answer_(error);
      return always_refuses_ ? answer_(error) : tgt_code{TGT_OK};
    });
  }
  void Judge(bool failed) override { sweep_->CheckAnswer(result_, failed, "invoke"); }

  std::function<tgt_code(tgt_error*)> answer_ = [this](tgt_error* error) {
    Refuse(error, TGT_RESOURCE_EXHAUSTED, "out of memory");
    return tgt_code{TGT_RESOURCE_EXHAUSTED};
  };
  int allocates_ = kAllocations;
  bool always_refuses_ = false;
  FakeAllocations fake_;
  AllocationFaults* allocations_ = &fake_;
  std::set<std::string> seen_;
  std::vector<std::string> titles_;
  CheckBoard board_{{"error_exactness", "leak"}, [this](const Finding& finding) {
                      seen_.insert(finding.what);
                      titles_.push_back(finding.title);
                    }};

 private:
  const tgt_target table_ = ClosingTable();
  Parameters parameters_;
  TargetInstance target_{&table_, nullptr};
  Flight flight_;
  Injector injector_{{}, KnownSites(), 1, &flight_};
  Progress progress_;
  std::optional<AllocationSweep> sweep_;
  Answer result_;
};

TEST_F(Sweep, FailsEachAllocationAndBlamesNobodyForATypedError) {
  Run();
  EXPECT_TRUE(seen_.empty()) << *seen_.begin();
  EXPECT_EQ(board_.exposure().at("allocations"), kAllocations);
  EXPECT_EQ(board_.exposure().at("shortages"), kAllocations);
  EXPECT_EQ(board_.exposure().at("calls_refused"), kAllocations);
  EXPECT_EQ(State(kErrorExactness), CheckState::kPassed);
  EXPECT_EQ(State(kLeak), CheckState::kPassed);
}

TEST_F(Sweep, SeesWhatIsWrongWithAnAnswer) {
  answer_ = [this](tgt_error* error) {
    Refuse(error, TGT_RESOURCE_EXHAUSTED, "");
    return tgt_code{TGT_RESOURCE_EXHAUSTED};
  };
  Run();
  EXPECT_EQ(seen_, std::set<std::string>{"call: an error without a message"});
  seen_.clear();
  answer_ = [this](tgt_error* error) {
    Refuse(error, TGT_OK, "out of memory");
    return tgt_code{TGT_RESOURCE_EXHAUSTED};
  };
  Run();
  EXPECT_EQ(seen_, std::set<std::string>{"call: code and error say different things"});
  seen_.clear();
  answer_ = [this](tgt_error* error) {
    Refuse(error, TGT_INVALID_ARGUMENT, "out of memory");
    return tgt_code{TGT_INVALID_ARGUMENT};
  };
  Run();
  EXPECT_EQ(seen_, std::set<std::string>{"call: missing memory under another name"});
  seen_.clear();
  answer_ = [](tgt_error*) -> tgt_code { throw std::runtime_error("x"); };
  Run();
  EXPECT_EQ(seen_, std::set<std::string>{"call: an exception left the target"});
}

TEST_F(Sweep, SeesARefusalWithoutAShortage) {
  always_refuses_ = true;
  Run();
  EXPECT_EQ(seen_, std::set<std::string>{"call: refused although memory was there"});
  ASSERT_FALSE(titles_.empty());
  EXPECT_NE(titles_[0].find("with no allocation failing"), std::string::npos) << titles_[0];
}

TEST_F(Sweep, ATargetWithAnAllocatorOfItsOwnIsNotGreen) {
  allocates_ = 0;
  Run();
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(State(kErrorExactness), CheckState::kNoPower);
  EXPECT_EQ(State(kLeak), CheckState::kNoPower);
}

TEST_F(Sweep, SeesALeakThatRepeatsAndForgivesWhatIsKept) {
  int kept = 0;
  answer_ = [&](tgt_error* error) {
    if (++kept < 100) fake_.Keep();  // a memory of the last failures, which fills up
    Refuse(error, TGT_RESOURCE_EXHAUSTED, "out of memory");
    return tgt_code{TGT_RESOURCE_EXHAUSTED};
  };
  Run();
  EXPECT_TRUE(seen_.empty()) << *seen_.begin();
  answer_ = [&](tgt_error* error) {
    fake_.Keep();
    Refuse(error, TGT_RESOURCE_EXHAUSTED, "out of memory");
    return tgt_code{TGT_RESOURCE_EXHAUSTED};
  };
  Run();
  EXPECT_EQ(seen_, std::set<std::string>{"call: memory is lost when memory is short"});
}

TEST_F(Sweep, SeesALeakBehindWhatOthersGiveBackMeanwhile) {
  int calls = 0;
  answer_ = [&](tgt_error* error) {
    ++calls % 50 == 0 ? fake_.GiveBack() : fake_.Keep();
    Refuse(error, TGT_RESOURCE_EXHAUSTED, "out of memory");
    return tgt_code{TGT_RESOURCE_EXHAUSTED};
  };
  Run();
  EXPECT_EQ(seen_, std::set<std::string>{"call: memory is lost when memory is short"});
}

TEST_F(Sweep, IsNotGreenWhereThisAllocatorCannotFail) {
  fake_.Refuse();
  Run();
  EXPECT_EQ(State(kErrorExactness), CheckState::kNoPower);
  EXPECT_EQ(State(kLeak), CheckState::kNoPower);
}

TEST_F(Sweep, IsNotGreenWhereNoAllocationCanFail) {
  allocations_ = nullptr;
  Run();
  EXPECT_EQ(State(kErrorExactness), CheckState::kNoPower);
  EXPECT_EQ(State(kLeak), CheckState::kNoPower);
}

}  // namespace
}  // namespace tenter
