// Arrangement: a way in which callers share a model: who has loaded it, and what each caller holds.
//
// Path: Make (its library is there) -> MeasureBlock: Load -> KeepFirst -> Run -> the destructor
// unloads.
//
// Thread safety: one thread; the callers of Run are threads of their own.
// Ownership and lifetime: owns contenders and clients, borrows the inputs.
// Invariants: one contender for all callers, or one each. Callers wait for their answers, but for
//   those of "shared" when they are more than kAhead: then so many threads ask ahead.
// Errors: Make returns kInvalidArgument for an unknown way and kNotFound for a peer that is not
//   there; then throws what a contender throws.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/inference/model_options.h"
#include "bench/sharing/answer_log.h"

namespace tenter::bench {

inline constexpr size_t kAhead = 4;
// The way that is a process for each caller (processes.h): each has a model of its own.
inline constexpr const char* kProcesses = "process_per_caller";

class Arrangement {
 public:
  static Result<std::unique_ptr<Arrangement>> Make(const std::string& way,
                                                   const ModelOptions& options);
  ~Arrangement();
  Arrangement(const Arrangement&) = delete;
  Arrangement& operator=(const Arrangement&) = delete;

  const ModelContender& contender() const { return *contenders_.front(); }
  // Threads that call, and whether they ask ahead.
  size_t callers() const { return ahead_.empty() ? clients_.size() : ahead_.size(); }
  bool ahead() const { return !ahead_.empty(); }

  void Load(const Inputs& inputs);
  // With `swapped` each set has the answers of the next one: as if requests got one another's.
  FirstAnswers KeepFirst(bool swapped);
  void Run(const FirstAnswers& first, AnswerLog& log);

 private:
  using MakeContender = std::function<Result<ModelContenderPtr>()>;
  Arrangement(const ModelOptions& options, MakeContender make, bool each, bool may_ask_ahead);

  const ModelOptions& options_;
  const size_t in_flight_;
  const MakeContender make_;
  const bool each_;
  const bool may_ask_ahead_;
  size_t sets_ = 0;
  std::vector<ModelContenderPtr> contenders_;
  std::vector<std::unique_ptr<ModelClient>> clients_;
  std::vector<std::unique_ptr<AskingClient>> ahead_;
};

// One block in this process; calls `ready` when the callers could begin.
Block MeasureBlock(Arrangement& arrangement, const ModelOptions& options, const Inputs& inputs,
                   const std::function<void()>& ready);

// A way for the table, "ONNX Runtime 1.31.1, one session"; `title` is that of its contender, or
// empty.
Description DescriptionOf(const std::string& way, const std::string& title,
                          const std::string& absent);

}  // namespace tenter::bench
