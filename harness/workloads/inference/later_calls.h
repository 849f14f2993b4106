// LaterCalls: the calls of one thread that it does not wait for. It keeps so many in flight, and
// each is judged where its answer comes.
//
// Path: InferenceCallers::LaterLoop -> Ask -> invoke_async on the target -> (any thread) Answered
// -> the judge.
//
// Thread safety: Ask and AwaitAll by one thread; Answered from any. Nothing here orders threads as
//   far as ThreadSanitizer can see: outputs are compared and given back in the answer itself.
// Ownership and lifetime: borrows target and inputs; each call is gone when it was judged.
// Invariants: (1) no more than `most` are in flight. (2) each call is judged once; one that is
//   refused when it is made, by Ask.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "harness/target/target_library.h"
#include "harness/workloads/collisions.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

class LaterCalls {
 public:
  struct Answer {
    size_t sample;
    InFlightGauge::Visit visit;
    bool withdrawn;  // cancelled by whoever had asked
    tgt_code code;
    tgt_error error;
    std::vector<tgt_tensor> outputs;  // the judge releases them
  };
  using Judge = std::function<void(Answer* answer)>;

  LaterCalls(const TargetInstance& target, tgt_handle op, int64_t most, Judge judge);
  // REQUIRES: AwaitAll was called.
  ~LaterCalls() = default;
  LaterCalls(const LaterCalls&) = delete;
  LaterCalls& operator=(const LaterCalls&) = delete;

  // Blocks while `most` are in flight, and asks; cancels at once if `withdraw`. `inputs` stay until
  // the answer. The code is that of the refusal, and then there is no answer.
  tgt_code Ask(size_t sample, const std::vector<tgt_tensor>& inputs, bool withdraw,
               InFlightGauge* gauge, tgt_error* refused) EXCLUDES(mutex_);
  void AwaitAll() EXCLUDES(mutex_);

 private:
  struct Call {
    LaterCalls* owner;
    size_t sample;
    InFlightGauge::Visit visit;
    bool withdrawn;
  };
  static void Answered(void* arg, tgt_tensor* outputs, size_t count, const tgt_error* error);
  void AwaitFewerThan(int64_t count) EXCLUDES(mutex_);
  void OneLess() EXCLUDES(mutex_);

  const TargetInstance& target_;
  const tgt_handle op_;
  const int64_t most_;
  const Judge judge_;
  UnseenMutex mutex_;
  UnseenCondVar changed_;
  int64_t in_flight_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tenter
