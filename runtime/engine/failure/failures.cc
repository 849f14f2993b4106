#include "runtime/engine/failure/failures.h"

#include <limits>
#include <new>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/scope.h"

namespace tenter {
namespace {

Thrown WhyCancelled(const EndedOp& op, const CancelSource& stop) noexcept {
  const StatusCode stopped = stop.reason();
  const bool by_stop = stopped != StatusCode::kOk;
  return Cancelled(op.name, by_stop, by_stop ? stopped : op.scope->cancel_source()->reason());
}

}  // namespace

Failures::Failures()
    : no_memory_(std::make_shared<const Failure>(
          "an op", std::numeric_limits<uint64_t>::max(), FailurePlace::kBody, "unknown",
          Thrown::FromStatus({StatusCode::kResourceExhausted,
                              "an op failed, and there was no memory to say which and why"}))),
      no_memory_poison_(std::make_shared<const Poison>(std::vector{no_memory_}, false)) {}

FailurePtr Failures::Make(const EndedOp& op, FailurePlace place, Thrown thrown) const noexcept {
  try {
    return std::make_shared<const Failure>(op.name, op.push_number, place, CurrentThreadName(),
                                           std::move(thrown));
  } catch (const std::bad_alloc&) {
    return no_memory_;
  }
}

FailurePtr Failures::Record(const EndedOp& op, FailurePlace place, Thrown thrown) noexcept {
  FailurePtr failure = Make(op, place, std::move(thrown));
  if (op.scope != nullptr) {
    op.scope->Log(failure);
    return failure;
  }
  FailureLog::Forgotten forgotten;
  MutexLock lock(mutex_);
  forgotten = log_.Add(failure);
  return failure;
}

PoisonPtr Failures::PoisonLeftBy(const EndedOp& op, Outcome outcome, PoisonMerge inputs,
                                 const CancelSource& stop) noexcept {
  FailurePtr own;
  if (outcome.decision == Decision::kCancel) {
    if (inputs.empty()) own = Make(op, FailurePlace::kCancelled, WhyCancelled(op, stop));
  } else if (!outcome.thrown.empty()) {
    own = Record(op, outcome.place, std::move(outcome.thrown));
  }
  for (const FailurePtr& failure : inputs.failures()) failure->AddToChain(op.name, op.push_number);
  if (own != nullptr) inputs.Add(own);
  try {
    return inputs.Take();
  } catch (const std::bad_alloc&) {
    return no_memory_poison_;
  }
}

FailureReport Failures::Take(size_t most) {
  MutexLock lock(mutex_);
  return log_.Take(most);
}

FailurePtr Failures::Find(const std::exception_ptr& exception) const {
  MutexLock lock(mutex_);
  return log_.Find(exception);
}

FailurePtr Failures::Last() const {
  MutexLock lock(mutex_);
  return log_.Last();
}

}  // namespace tenter
