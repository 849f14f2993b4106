#include "runtime/cached_op/request/callers.h"

#include <new>
#include <utility>

#include "runtime/base/thread.h"

namespace tenter {

Callers::Answer Callers::Enter(Caller* caller, bool alone) {
  MutexLock lock(mutex_);
  if (closed_) return Answer::kClosed;
  if (alone && first_ != nullptr) return Answer::kInUse;
  Add(caller);
  return Answer::kEntered;
}

void Callers::SetScope(Caller* caller, FailureScope* scope) {
  MutexLock lock(mutex_);
  caller->scope = scope;
}

// Held, the scope stays although the request may end meanwhile.
void Callers::Cancel(uint64_t request) {
  FailureScope* scope = nullptr;
  {
    MutexLock lock(mutex_);
    for (Caller* caller = first_; caller != nullptr && scope == nullptr; caller = caller->after)
      if (caller->request == request) scope = caller->scope;
    if (scope == nullptr) return;
    scope->Hold();
  }
  scope->Cancel();
  scope->Leave(1);
}

void Callers::Add(Caller* caller) {
  caller->before = nullptr;
  caller->after = first_;
  if (first_ != nullptr) first_->before = caller;
  first_ = caller;
}

void Callers::Leave(Caller* caller) {
  MutexLock lock(mutex_);
  Remove(caller);
  // Under the lock: the destructor waits for this, and destroys left_ as soon as it has the lock.
  if (closed_) left_.NotifyAll();
}

void Callers::Remove(Caller* caller) {
  (caller->before == nullptr ? first_ : caller->before->after) = caller->after;
  if (caller->after != nullptr) caller->after->before = caller->before;
}

void Callers::Answers(Caller* caller) {
  MutexLock lock(mutex_);
  caller->answered_on = CurrentThreadKey();
}

void Callers::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
}

void Callers::AwaitAsked() {
  MutexLock lock(mutex_);
  while (SomebodyElse(/*asked=*/true)) left_.Wait(mutex_);
}

void Callers::AwaitNobody() {
  MutexLock lock(mutex_);
  while (SomebodyElse(/*asked=*/false)) left_.Wait(mutex_);
  for (; first_ != nullptr; Remove(first_)) first_->forgotten = true;
}

bool Callers::SomebodyElse(bool asked) const {
  const uint64_t here = CurrentThreadKey();
  const Caller* caller = first_;
  while (caller != nullptr && (caller->answered_on == here || (asked && caller->thread != 0)))
    caller = caller->after;
  return caller != nullptr;
}

bool Callers::closed() const {
  MutexLock lock(mutex_);
  return closed_;
}

// The lock is taken here and released by one of the other two; the analysis cannot follow that.
void Callers::BeforeFork() NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }

void Callers::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }

void Callers::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  new (&left_) CondVar;  // who waited exists in the parent only
  Caller* caller = std::exchange(first_, nullptr);
  while (caller != nullptr) {
    Caller* const next = caller->after;
    if (caller->thread == CurrentThreadKey())
      Add(caller);
    else
      caller->forgotten = true;
    caller = next;
  }
  mutex_.Unlock();
}

}  // namespace tenter
