// EngineCalls: an engine of a target, and what it answers, in the words of fuzz/engine.
//
// Path: Running, Bodies -> EngineCalls -> the table of the target.
//
// Thread safety: as the target promises, which is any thread; Create and Free by the owner.
// Ownership and lifetime: borrows the instance. The engine goes with Free.
#pragma once

#include <string>
#include <vector>

#include "fuzz/target_engine/run/history.h"
#include "harness/target/target_library.h"

namespace tenter::fuzz::target_engine {

class EngineCalls {
 public:
  explicit EngineCalls(const TargetInstance& target) : target_(target) {}

  Answer Create(const Program& program);
  Answer Free();

  Result<Var> NewVar();
  StatusCode DeleteVar(const Var& var);
  StatusCode Push(const tgt_op& op, uint64_t* push_number);
  void End(tgt_completion* completion, tgt_completion_end how, const std::string& text);
  Answer Wait(const Var& var);
  // `most`: failures that there can be; a target that tells of more is seen to.
  Answer WaitForAll(size_t most, std::vector<Answer>* failures);
  Answer Stop(StopMode mode);
  EngineCounts Counts();
  void Look();  // everything that only tells something
  std::string Describe() const { return DescribeEngine(target_, engine_); }

 private:
  const tgt_target& table() const { return target_.table(); }

  const TargetInstance& target_;
  tgt_handle engine_ = 0;
};

}  // namespace tenter::fuzz::target_engine
