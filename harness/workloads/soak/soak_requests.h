// SoakRequests: the calls of a soak, and how each answer is judged. A request that is not waited
// for may outlive the thread that made it.
//
// Path: SoakCaller -> Call or Ask -> invoke, invoke_async on the target -> (any thread) Judge.
//
// Thread safety: Call, Ask and cancelling from any thread; AwaitAll, Match and the counts by the
//   thread that runs the soak, once the others have ended. Nothing here orders two threads as far
//   as ThreadSanitizer can see.
// Ownership and lifetime: borrows stage and models. What is kept of a call is gone with its answer,
//   and what is kept of an error with Match: a run without end keeps nothing for each of its calls.
// Invariants: each call is judged once. An answer is the right bits (COP-1), or an error that the
//   caller asked for (a wrong shape, a cancel, a deadline that has passed: COP-7), that comes of a
//   free (COP-4), or that a fault explains (COP-5).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/workloads/collisions.h"
#include "harness/workloads/inference/inference_errors.h"
#include "harness/workloads/soak/soak_clock.h"
#include "harness/workloads/soak/soak_models.h"
#include "harness/workloads/workload.h"
#include "runtime/base/atomic.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

// What one call is to be.
struct SoakCall {
  size_t sample = 0;
  bool misshaped = false;  // an input has a rank that the model does not take
  bool withdrawn = false;  // it is going to be cancelled
  int64_t timeout_ns = 0;  // 0: no deadline
  int32_t priority = 0;
  bool settles = false;  // it is between two rounds, and not counted
};

class SoakRequests {
 public:
  SoakRequests(Stage& stage, SoakModels* models, SoakClock* clock);

  bool answers_later() const { return table_.invoke_async != nullptr; }

  // Calls and waits for the answer. Of the call its sample and whether it is misshaped count.
  void Call(const SoakModels::Lent& lent, const SoakCall& call);
  // Returns before the answer. The number of the request; none when it was refused at once.
  std::optional<uint64_t> Ask(const SoakModels::Lent& lent, const SoakCall& call);
  void Cancel(const SoakModels::Lent& lent, uint64_t request);

  int64_t later() const EXCLUDES(mutex_);  // requests that are not answered yet
  void AwaitAll() EXCLUDES(mutex_);
  // Holds the errors since the last time against the faults that fired meanwhile; forgets both.
  void Match();

  // Of the whole soak.
  int64_t answers() const { return answers_.Load(kRelaxed); }
  int64_t failed() const { return failed_; }
  // Whether a fault has made something fail, also a load.
  bool faults_fired() const { return faults_fired_; }
  int64_t refused() const { return refused_.Load(kRelaxed); }      // wrong shapes
  int64_t closed() const { return closed_.Load(kRelaxed); }        // the op was freed
  int64_t withdrawn() const { return withdrawn_.Load(kRelaxed); }  // ended early by a cancel
  int64_t late() const { return late_.Load(kRelaxed); }            // or by a deadline
  int64_t in_flight_max() const { return in_flight_.max(); }

 private:
  // A request that is not waited for, until its answer.
  struct Asked {
    SoakRequests* owner;
    SoakModels::Lent lent;
    SoakCall call;
    std::vector<tgt_tensor> inputs;
    InFlightGauge::Visit visit;
    int64_t begin_ns;
  };
  static void Answered(void* arg, tgt_tensor* outputs, size_t count, const tgt_error* error);
  static std::vector<tgt_tensor> InputsOf(const SoakModels::Lent& lent, const SoakCall& call);
  void Judge(const SoakModels::Lent& lent, const SoakCall& call, int64_t begin_ns,
             const std::vector<tgt_tensor>& outputs, const tgt_error& error);
  void JudgeError(const SoakModels::Lent& lent, const SoakCall& call, int64_t begin_ns,
                  const tgt_error& error);
  void Compare(const SoakModels::Lent& lent, const SoakCall& call,
               const std::vector<tgt_tensor>& outputs);
  void OneLess() EXCLUDES(mutex_);

  Stage& stage_;
  const tgt_target& table_;
  SoakModels& models_;
  SoakClock& clock_;
  InFlightGauge in_flight_;
  std::optional<InferenceErrors> errors_;  // of this round
  bool faults_fired_ = false;
  int64_t failed_ = 0;
  Atomic<int64_t> answers_ = 0, refused_ = 0, closed_ = 0, withdrawn_ = 0, late_ = 0;  // counts
  mutable UnseenMutex mutex_;
  UnseenCondVar changed_;
  int64_t later_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tenter
