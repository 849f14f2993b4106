#include "harness/workloads/memory/allocation_sweep.h"

#include <algorithm>
#include <utility>

#include "harness/checks/process_census.h"
#include "harness/faults/nearest.h"

namespace tenter {
namespace {

// How often the same failure is repeated before what grows is called a leak. A target may remember
// a bounded number of failures; whoever forgets none grows for ever.
constexpr int kRepeats = 400;

}  // namespace

Status AllocationSweep::Run(ShortCall* call) {
  if (stage_.injector.has_faults())
    return {StatusCode::kInvalidArgument,
            "workload: [faults] has no meaning here: the fault is an allocation that fails"};
  TENTER_RETURN_IF_ERROR(ReadAllocator());
  const std::string obstacle = stage_.allocations == nullptr
                                   ? "this process cannot make allocations fail"
                                   : stage_.allocations->Obstacle(allocator_);
  if (!obstacle.empty()) {
    NoPower(obstacle);
    return {};
  }
  // Twice, because the first call of a target is often its own kind.
  TENTER_RETURN_IF_ERROR(Once(call, AllocationFaults::kNever).status());
  TENTER_ASSIGN_OR_RETURN(const auto clean, Once(call, AllocationFaults::kNever));
  std::vector<int64_t> numbers = Numbers(clean.seen);
  stage_.progress.Begin("allocations", numbers.size());
  const ProcessCensus census = ProcessCensus::Now();
  bool failed = true;
  for (const int64_t n : numbers) TENTER_RETURN_IF_ERROR(Point(call, n, &failed));
  // Threads of the target may have needed more this time.
  for (int64_t n = clean.seen + 1; failed && n <= clean.seen + points_; ++n)
    TENTER_RETURN_IF_ERROR(Point(call, n, &failed));
  CheckCensus(census, "ERR-10", &stage_.board);
  stage_.board.Expose("allocations", clean.seen);
  stage_.board.Expose("shortages", failed_);
  stage_.board.Expose("calls_refused", refused_);
  if (failed_ == 0) NoPower("no allocation of the target could be made to fail");
  return {};
}

Status AllocationSweep::ReadAllocator() {
  const std::string& name = stage_.parameters.Text("allocator");
  const std::vector<std::string> known = {"new", "malloc"};
  if (name == "malloc") allocator_ = AllocationFaults::Allocator::kMalloc;
  if (name == "new" || name == "malloc") return {};
  return {StatusCode::kInvalidArgument,
          "workload: unknown allocator '" + name + "'" + DidYouMean(name, known)};
}

Result<AllocationFaults::Counts> AllocationSweep::Once(ShortCall* call, int64_t n) {
  n_ = n;
  TENTER_RETURN_IF_ERROR(call->Prepare());
  stage_.allocations->Arm(n, allocator_);
  call->Call();
  const AllocationFaults::Counts counts = stage_.allocations->Disarm();
  call->Judge(counts.failed);
  return counts;
}

Status AllocationSweep::Point(ShortCall* call, int64_t n, bool* failed) {
  const int64_t before = stage_.allocations->live_blocks();
  TENTER_ASSIGN_OR_RETURN(const auto counts, Once(call, n));
  *failed = counts.failed;
  failed_ += counts.failed ? 1 : 0;
  stage_.progress.Step();
  stage_.board.Examine(kLeak);
  return counts.failed && stage_.allocations->live_blocks() > before && !leaks_ ? CheckLeak(call, n)
                                                                                : Status();
}

Status AllocationSweep::CheckLeak(ShortCall* call, int64_t n) {
  const int64_t first = stage_.allocations->live_blocks();
  for (int i = 0, without = 0; i < kRepeats; ++i) {
    const int64_t before = stage_.allocations->live_blocks();
    TENTER_RETURN_IF_ERROR(Once(call, n).status());
    stage_.progress.Step();
    // Now and then a thread of the target gives something back meanwhile, which hides a loss; of
    // ten calls one, and a few more at the beginning.
    if (stage_.allocations->live_blocks() <= before && ++without > 3 + i / 10) return {};
  }
  if (stage_.allocations->live_blocks() - first < kRepeats / 2) return {};
  leaks_ = true;
  Report(kLeak, contract_of_leak_, "memory is lost when memory is short",
         std::to_string(stage_.allocations->live_blocks() - first) +
             " blocks were left behind by " + std::to_string(kRepeats) + " calls");
  return {};
}

// All of them when there are few; else the first ones, where a call sets up what it needs, and
// others at equal distances up to the last.
std::vector<int64_t> AllocationSweep::Numbers(int64_t allocations) const {
  const int64_t dense = allocations <= points_ ? allocations : points_ / 2;
  const int64_t rest = std::min(allocations, points_) - dense;
  std::vector<int64_t> numbers;
  for (int64_t n = 1; n <= dense; ++n) numbers.push_back(n);
  for (int64_t i = 1; i <= rest; ++i) numbers.push_back(dense + (allocations - dense) * i / rest);
  return numbers;
}

void AllocationSweep::CheckAnswer(const Answer& answer, bool failed, std::string_view function) {
  stage_.board.Examine(kErrorExactness);
  const std::string name(function);
  if (answer.threw)
    return Report(kErrorExactness, "ERR-10", "an exception left the target",
                  name + " threw through the interface of C");
  if (answer.code == TGT_OK) return;
  ++refused_;
  const std::string text = name + " answered " + ErrorText(answer.error);
  if (!failed) return Report(kErrorExactness, "ERR-10", "refused although memory was there", text);
  if (answer.error.code != answer.code)
    return Report(kErrorExactness, "ERR-10", "code and error say different things",
                  name + " returned " + std::to_string(answer.code) + " and filled in " +
                      std::to_string(answer.error.code));
  if (answer.error.message[0] == '\0')
    return Report(kErrorExactness, "ERR-10", "an error without a message", text);
  // The caller did nothing wrong, and a code that says so would send him to look for it.
  if (answer.code != TGT_RESOURCE_EXHAUSTED && answer.code != TGT_INTERNAL)
    Report(kErrorExactness, "ERR-10", "missing memory under another name", text);
}

void AllocationSweep::Report(const CheckType& check, std::string_view contract,
                             std::string_view what, std::string title) {
  const bool none = n_ == AllocationFaults::kNever;
  const std::string failing = none ? "no allocation" : "allocation " + std::to_string(n_);
  stage_.board.Report({.check = &check,
                       .contract = contract,
                       .what = what_ + ": " + std::string(what),
                       .title = what_ + ": " + title + ", with " + failing + " failing"});
}

void AllocationSweep::NoPower(const std::string& why) {
  for (const CheckType* check :
       {&kErrorExactness, &kDeterminism, &kEpoch, &kDependencyOrder, &kLeak})
    if (stage_.board.Wants(*check)) stage_.board.NoPower(*check, why);
}

std::vector<ParameterType> SweepParameters(std::vector<ParameterType> more) {
  more.push_back({"allocator", std::string("malloc"), "what fails: new alone, or malloc as well"});
  more.push_back({"points", int64_t{500}, "allocations that are made to fail, at most", 2});
  return more;
}

}  // namespace tenter
