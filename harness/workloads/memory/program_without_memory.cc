// An engine program without memory: each allocation of one life of an engine (create it, vars, a
// chain of ops, a wait) fails in turn. What could not be pushed is not enqueued (ERR-10), what was
// pushed runs once or fails by name, and the same program then runs as ever.
#include <array>
#include <cstdio>
#include <cstring>

#include "harness/workloads/handles.h"
#include "harness/workloads/memory/allocation_sweep.h"

namespace tenter {
namespace {

constexpr size_t kOps = 12;

// One op of the chain: value = 3 * value + its number.
struct Link {
  char name[16] = "";
  uint64_t number = 0;
  uint64_t* value = nullptr;
  uint32_t ran = 0;
  Answer pushed;
};

tgt_code RunLink(void* arg, const tgt_op_context*, tgt_error*) {
  auto* const link = static_cast<Link*>(arg);
  *link->value = *link->value * 3 + link->number;
  ++link->ran;
  return TGT_OK;
}

class ProgramCall final : public ShortCall {
 public:
  ProgramCall(Stage& stage, AllocationSweep* sweep)
      : stage_(stage), table_(stage.target.table()), sweep_(sweep), engine_(stage, kEngineHandle) {}

  Status Prepare() override {
    created_ = {};
    return {};
  }
  void Call() override {
    created_ = CreateEngine();
    if (created_.ok()) RunProgram();
  }
  void Judge(bool failed) override {
    sweep_->CheckAnswer(created_, failed, "engine_create");
    if (created_.ok())
      JudgeProgram(failed);
    else
      sweep_->CheckAnswer(CreateEngine(), false, "the next engine_create");
    if (engine_.get() == 0) return;
    RunProgram();
    JudgeProgram(false);
    engine_.Free();
  }

 private:
  Answer CreateEngine() {
    const tgt_engine_options options{static_cast<int32_t>(stage_.parameters.Int("workers")), 0};
    const Answer answer = Ask([&](tgt_error* error) {
      return table_.engine_create(stage_.target.self(), &options, engine_.out(), error);
    });
    if (!answer.ok()) *engine_.out() = 0;
    return answer;
  }

  // Allocates nothing itself.
  void RunProgram() {
    value_ = 0;
    chain_ = {};
    waited_ = {};
    var_created_ = Ask([&](tgt_error* error) {
      return table_.var_create(stage_.target.self(), engine_.get(), &var_, error);
    });
    if (!var_created_.ok()) return;
    for (size_t i = 0; i < kOps; ++i) Push(i);
    waited_ = Ask([&](tgt_error* error) {
      tgt_failure failure = {};
      return table_.wait_for_var(stage_.target.self(), engine_.get(), var_, &failure, error);
    });
  }
  void Push(size_t i) {
    Link& link = chain_[i];
    std::snprintf(link.name, sizeof(link.name), "link%zu", i);
    link.number = i + 1;
    link.value = &value_;
    link.pushed = Ask([&](tgt_error* error) {
      tgt_op op = {};
      op.name = link.name;
      op.writes = &var_;
      op.write_count = 1;
      op.run = RunLink;
      op.arg = &link;
      return table_.push(stage_.target.self(), engine_.get(), &op, nullptr, error);
    });
  }

  // With all memory: every op has ended when wait_for_all returns.
  void JudgeProgram(bool failed) {
    sweep_->CheckAnswer(var_created_, failed, "var_create");
    sweep_->CheckAnswer(waited_, failed, "wait_for_var");
    std::array<tgt_failure, kOps> failures = {};
    size_t count = 0;
    sweep_->CheckAnswer(Ask([&](tgt_error* error) {
                          return table_.wait_for_all(stage_.target.self(), engine_.get(),
                                                     failures.data(), kOps, &count, error);
                        }),
                        false, "wait_for_all");
    if (!var_created_.ok()) return;
    uint64_t expected = 0;
    for (const Link& link : chain_) {
      sweep_->CheckAnswer(link.pushed, failed, "push");
      const bool told = IsTold(link, failures, count);
      CheckLink(link, told);
      if (told && !failed)
        sweep_->Report(kErrorExactness, "ERR-10", "failed although memory was there", link.name);
      if (link.ran > 0) expected = expected * 3 + link.number;
    }
    if (value_ != expected)
      sweep_->Report(
          kDependencyOrder, "ENG-1", "wrong value",
          "the chain came to " + std::to_string(value_) + ", expected " + std::to_string(expected));
    CheckRest();
  }
  static bool IsTold(const Link& link, const std::array<tgt_failure, kOps>& failures,
                     size_t count) {
    for (size_t i = 0; i < std::min(count, kOps); ++i)
      if (std::strcmp(failures[i].op, link.name) == 0) return true;
    return false;
  }
  // ENG-5, ERR-10: refused and never run; or run once; or failed, and told.
  void CheckLink(const Link& link, bool told) {
    stage_.board.Examine(kDependencyOrder);
    const uint32_t wanted = link.pushed.ok() && !told ? 1 : 0;
    if (link.ran == wanted || (told && link.pushed.ok() && link.ran == 1)) return;
    sweep_->Report(kDependencyOrder, "ENG-5", "an op ran the wrong number of times",
                   std::string(link.name) + (link.pushed.ok() ? "" : ", which was refused,") +
                       " ran " + std::to_string(link.ran) + " times, expected " +
                       std::to_string(wanted));
  }
  void CheckRest() {
    tgt_error error = {};
    tgt_engine_counts counts = {};
    if (table_.engine_counts(stage_.target.self(), engine_.get(), &counts, &error) != TGT_OK)
      return;
    if (counts.live_ops != 0)
      sweep_->Report(kLeak, "ENG-5", "op alive after wait-all",
                     std::to_string(counts.live_ops) + " ops are alive after all was waited for");
  }

  Stage& stage_;
  const tgt_target& table_;
  AllocationSweep* const sweep_;
  Handle engine_;
  tgt_var var_ = {};
  uint64_t value_ = 0;
  std::array<Link, kOps> chain_;
  Answer created_, var_created_, waited_;
};

Status RunProgramWithoutMemory(Stage& stage) {
  AllocationSweep sweep(stage, "program");
  ProgramCall call(stage, &sweep);
  return sweep.Run(&call);
}

}  // namespace

WorkloadType ProgramWithoutMemory() {
  return {.kind = "program_without_memory",
          .meaning = "each allocation of one life of an engine fails in turn",
          .groups = TGT_ENGINE,
          .parameters = SweepParameters(
              {{"workers", int64_t{2}, "workers of the engine; 0 is the naive engine"}}),
          .checks = {"error_exactness", "dependency_order", "leak", "liveness", "data_race"},
          .exposes = {"allocations", "shortages", "calls_refused", "resident_growth_kb"},
          .run = RunProgramWithoutMemory};
}

}  // namespace tenter
