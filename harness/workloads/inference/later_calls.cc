#include "harness/workloads/inference/later_calls.h"

#include <memory>
#include <utility>

namespace tenter {

LaterCalls::LaterCalls(const TargetInstance& target, tgt_handle op, int64_t most, Judge judge)
    : target_(target), op_(op), most_(most), judge_(std::move(judge)) {}

tgt_code LaterCalls::Ask(size_t sample, const std::vector<tgt_tensor>& inputs, bool withdraw,
                         InFlightGauge* gauge, tgt_error* refused) {
  AwaitFewerThan(most_);
  {
    UnseenLock lock(mutex_);
    ++in_flight_;
  }
  const tgt_invoke_options options = {};
  auto call = std::make_unique<Call>(Call{this, sample, gauge->Enter(), withdraw});
  uint64_t request = 0;
  const tgt_code code =
      target_.table().invoke_async(target_.self(), op_, &options, inputs.data(), inputs.size(),
                                   Answered, call.get(), &request, refused);
  if (code != TGT_OK) {
    gauge->Leave(call->visit);
    OneLess();
    return code;
  }
  static_cast<void>(call.release());
  tgt_error ignored = {};
  if (withdraw) target_.table().cancel(target_.self(), op_, request, &ignored);
  return TGT_OK;
}

void LaterCalls::Answered(void* arg, tgt_tensor* outputs, size_t count, const tgt_error* error) {
  const std::unique_ptr<Call> call(static_cast<Call*>(arg));
  Answer answer{.sample = call->sample,
                .visit = call->visit,
                .withdrawn = call->withdrawn,
                .code = error == nullptr ? TGT_OK : error->code,
                .error = error == nullptr ? tgt_error{} : *error,
                .outputs = {outputs, outputs + count}};
  call->owner->judge_(&answer);
  call->owner->OneLess();
}

// Under the lock: the calls may be gone as soon as nobody is in flight.
void LaterCalls::OneLess() {
  UnseenLock lock(mutex_);
  --in_flight_;
  changed_.NotifyAll(mutex_);
}

void LaterCalls::AwaitFewerThan(int64_t count) {
  UnseenLock lock(mutex_);
  while (in_flight_ >= count) changed_.Wait(mutex_);
}

void LaterCalls::AwaitAll() { AwaitFewerThan(1); }

}  // namespace tenter
