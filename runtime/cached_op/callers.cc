#include "runtime/cached_op/callers.h"

#include "runtime/base/thread.h"

namespace tenter {

Callers::Answer Callers::Enter(Caller* caller, bool alone) {
  caller->thread = CurrentThreadKey();
  MutexLock lock(mutex_);
  if (closed_) return Answer::kClosed;
  if (alone && first_ != nullptr) return Answer::kInUse;
  caller->after = first_;
  if (first_ != nullptr) first_->before = caller;
  first_ = caller;
  return Answer::kEntered;
}

void Callers::Leave(Caller* caller) {
  MutexLock lock(mutex_);
  (caller->before == nullptr ? first_ : caller->before->after) = caller->after;
  if (caller->after != nullptr) caller->after->before = caller->before;
  // Under the lock: whoever waits destroys the condition variable once it has the lock.
  if (closed_ && first_ == nullptr) left_.NotifyAll();
}

void Callers::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
}

void Callers::AwaitNobody() {
  MutexLock lock(mutex_);
  while (first_ != nullptr) left_.Wait(mutex_);
}

bool Callers::closed() const {
  MutexLock lock(mutex_);
  return closed_;
}

}  // namespace tenter
