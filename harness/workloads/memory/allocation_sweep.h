// AllocationSweep: one call into the target, again and again, with another allocation failing each
// time; and what every answer is held to.
//
// Path: workload -> AllocationSweep::Run(call) -> Prepare, [armed] Call, Judge, for n = 1, 2, ...
//   until no allocation of the call is left to fail.
//
// Thread safety: the main thread.
// Ownership and lifetime: one per run; borrows the stage.
// Invariants: (1) nothing but the target allocates from Arm to Disarm, but for threads that are
//   spared. (2) a target of which no allocation could be made to fail is not green. (3) it is a
//   leak only when the same failure leaves more behind every time that it is repeated: what a
//   target keeps for later is none.
// Errors: what Prepare returns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/faults/allocation_faults.h"
#include "harness/workloads/workload.h"

namespace tenter {

// What the target answered to one function of its table.
struct Answer {
  tgt_code code = TGT_OK;
  bool threw = false;  // which no function of the table may
  tgt_error error = {};

  bool ok() const { return code == TGT_OK && !threw; }
};

// Calls `function` with a place for its error; allocates nothing.
template <typename Function>
Answer Ask(Function function) {
  Answer answer;
  try {
    answer.code = function(&answer.error);
  } catch (...) {
    answer.threw = true;
  }
  return answer;
}

// One call that runs short of memory.
class ShortCall {
 public:
  virtual ~ShortCall() = default;
  // With all the memory that there is.
  virtual Status Prepare() = 0;
  // With one allocation failing. Allocates nothing itself.
  virtual void Call() = 0;
  // With all the memory again: looks at what the call left behind, and that the next one works.
  // `failed`: whether an allocation did.
  virtual void Judge(bool failed) = 0;
};

class AllocationSweep {
 public:
  // `what` names the call in findings ("invoke"); `leaks` is the contract of such a call that must
  // leave nothing behind.
  AllocationSweep(Stage& stage, std::string what, std::string_view leaks = "ERR-10")
      : stage_(stage),
        what_(std::move(what)),
        contract_of_leak_(leaks),
        points_(stage.parameters.Int("points")) {}

  Status Run(ShortCall* call);

  // Holds an answer to a call with one failed allocation against what such an answer may be.
  void CheckAnswer(const Answer& answer, bool failed, std::string_view function);
  void Report(const CheckType& check, std::string_view contract, std::string_view what,
              std::string title);

 private:
  Status ReadAllocator();
  // Lives the call once with its n-th allocation failing.
  Result<AllocationFaults::Counts> Once(ShortCall* call, int64_t n);
  Status Point(ShortCall* call, int64_t n, bool* failed);
  Status CheckLeak(ShortCall* call, int64_t n);
  std::vector<int64_t> Numbers(int64_t allocations) const;
  void NoPower(const std::string& why);

  Stage& stage_;
  const std::string what_;
  const std::string_view contract_of_leak_;
  const int64_t points_;
  AllocationFaults::Allocator allocator_ = AllocationFaults::Allocator::kNew;
  int64_t n_ = 0;  // that fails now
  int64_t refused_ = 0, failed_ = 0;
  bool leaks_ = false;
};

// The parameters that every workload of this kind has.
std::vector<ParameterType> SweepParameters(std::vector<ParameterType> more);

}  // namespace tenter
