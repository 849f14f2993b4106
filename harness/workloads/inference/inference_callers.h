// InferenceCallers: the threads that call one cached op, and what each of them got.
//
// Path: ConcurrentInference -> CallFromAllThreads -> invoke on the target -> outputs to the board,
// errors to InferenceErrors.
//
// Thread safety: the public methods belong to the owner; its threads are started and joined inside.
// Ownership and lifetime: one per run, for all its rounds; borrows stage, inputs and errors.
// Invariants: (1) a round makes exactly the calls that were asked for, whichever thread makes them;
//   one that is refused because others are there is made again, and needs others that were.
//   (2) A thread calls with inputs of its own, so that an answer tells whose it is. (3) An op is
//   freed under its callers only after `freed_` says so: a refusal seen earlier is a finding. (4) A
//   thread holds an answer until its next call has ended, unless the op may go meanwhile.
#pragma once

#include <string>
#include <vector>

#include "harness/workloads/collisions.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/inference/inference_errors.h"
#include "harness/workloads/inference/later_calls.h"
#include "harness/workloads/inference/model_inputs.h"
#include "harness/workloads/workload.h"
#include "runtime/base/atomic.h"

namespace tenter {

class InferenceCallers {
 public:
  InferenceCallers(Stage& stage, const ModelInputs& inputs, InferenceErrors* errors);

  // One round: all threads call `op` until the calls are used up. Frees it meanwhile where the
  // workload's `free_after` says so. Returns when every thread has ended. Errors: a thread that the
  // system does not grant; then nothing was called.
  Status CallFromAllThreads(Handle* op);

  // The aftermath: one thread calls `op`, which nothing disturbs any more. Each call has to succeed
  // with the right bits. Returns a hash of all outputs.
  uint64_t CallAfterwards(tgt_handle op, int64_t calls);

  // Answers that were compared, and the most calls that were inside the target at once.
  int64_t answers() const { return static_cast<int64_t>(right_.Load(kRelaxed)); }
  int64_t in_flight_max() const { return in_flight_.max(); }
  // Calls that were refused as they should be.
  int64_t refused() const { return refused_.Load(kRelaxed); }
  // Requests that ended early, since their thread had cancelled them.
  int64_t withdrawn() const { return withdrawn_.Load(kRelaxed); }

 private:
  enum class Outcome { kEnded, kRefusedForNow };

  // The answer that a thread keeps while it calls again.
  struct Held {
    std::vector<tgt_tensor> outputs;
    size_t sample = 0;
    bool right = false;
  };

  void CallLoop(int64_t thread, tgt_handle op);
  // As CallLoop, of calls that are not waited for.
  void LaterLoop(int64_t thread, tgt_handle op);
  void JudgeLater(LaterCalls::Answer* answer);
  bool IsBad(int64_t ticket) const;
  Outcome Call(tgt_handle op, size_t sample, bool bad, Held* held);
  void Refused();
  // `others`: that were inside at some moment of the call, at most.
  Outcome JudgeError(const tgt_error& error, tgt_code code, bool bad, int64_t others);
  Outcome RefusedForNow(const tgt_error& error, const char* contract, int64_t others,
                        int64_t needed);
  uint64_t CallOnce(tgt_handle op, size_t sample, uint64_t hash);
  // True when the answer was the right one.
  bool Compare(const std::vector<tgt_tensor>& outputs, size_t sample);
  // COP-1: the inputs of a call that has ended, and an answer that was right when it came.
  void CheckInputs(size_t sample);
  void Release(Held* held);

  Stage& stage_;
  const tgt_target& table_;
  const ModelInputs& inputs_;
  InferenceErrors& errors_;
  const int64_t threads_, inferences_, per_thread_, bad_requests_, free_after_, in_flight_most_,
      later_, withdrawn_percent_;
  InFlightGauge in_flight_;
  CallCounter calls_;
  Atomic<int64_t> tickets_ = 0;
  Atomic<bool> freed_ = false;  // set before the free; the target orders a refusal after it
  Atomic<uint64_t> right_ = 0;  // answers that were compared
  Atomic<int64_t> refused_ = 0, withdrawn_ = 0;
};

}  // namespace tenter
