#include "runtime/engine/failure/failures.h"

#include <limits>
#include <new>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/engine/scope.h"

namespace tenter {

Failures::Failures()
    : no_memory_(std::make_shared<const Failure>(
          "an op", std::numeric_limits<uint64_t>::max(), FailurePlace::kBody, "unknown",
          Thrown::FromStatus({StatusCode::kResourceExhausted,
                              "an op failed, and there was no memory to say which and why"}))),
      no_memory_poison_(std::make_shared<const Poison>(std::vector{no_memory_}, false)) {}

FailurePtr Failures::Make(std::string_view op, uint64_t push_number, FailurePlace place,
                          Thrown thrown) const noexcept {
  try {
    return std::make_shared<const Failure>(op, push_number, place, CurrentThreadName(),
                                           std::move(thrown));
  } catch (const std::bad_alloc&) {
    return no_memory_;
  }
}

FailurePtr Failures::Record(std::string_view op, uint64_t push_number, FailurePlace place,
                            Thrown thrown, FailureScope* scope) noexcept {
  FailurePtr failure = Make(op, push_number, place, std::move(thrown));
  if (scope != nullptr) {
    scope->Log(failure);
    return failure;
  }
  FailureLog::Forgotten forgotten;
  MutexLock lock(mutex_);
  forgotten = log_.Add(failure);
  return failure;
}

PoisonPtr Failures::PoisonLeftBy(std::string_view op, uint64_t push_number, PoisonMerge inputs,
                                 const FailurePtr& own) const noexcept {
  for (const FailurePtr& failure : inputs.failures()) failure->AddToChain(op, push_number);
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
