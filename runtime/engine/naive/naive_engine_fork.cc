// NaiveEngine and fork: the forking thread has the turn, and the locks of those who do without it.
#include <new>

#include "runtime/engine/naive/naive_engine.h"

namespace tenter {

// The forking thread takes the turn, so no body runs elsewhere; if it has the turn already, it
// keeps it in both processes.
void NaiveEngine::TakeTurnForFork() NO_THREAD_SAFETY_ANALYSIS {
  turn_for_fork_ = !InsideOp();
  if (turn_for_fork_) turn_.Lock();
}

void NaiveEngine::GiveTurnBack() NO_THREAD_SAFETY_ANALYSIS {
  if (turn_for_fork_) turn_.Unlock();
}

// What those hold who do not take the turn.
void NaiveEngine::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  handles_mutex_.Lock();
  failures_.mutex().Lock();
  scope_mutex().Lock();
  cancellation_.mutex.Lock();
  deadlines_.mutex().Lock();
  programs_.mutex().Lock();
  vars_.mutex().Lock();
}

void NaiveEngine::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  vars_.mutex().Unlock();
  programs_.mutex().Unlock();
  deadlines_.mutex().Unlock();
  cancellation_.mutex.Unlock();
  scope_mutex().Unlock();
  failures_.mutex().Unlock();
  handles_mutex_.Unlock();
}

void NaiveEngine::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  new (&handle_used_) CondVar;  // those who waited exist in the parent only
  // So do those who looked at a var; they changed nothing.
  for (uint32_t index = 0; index < vars_.size(); ++index) new (&vars_.Slot(index).mutex) SmallMutex;
  AfterForkInParent();
  ForgetScopeWaiters();
  cancellation_.ForgetThreads();
  deadlines_.ForgetThread(&FailureScope::kDeadline);
  static_cast<void>(deadlines_.StartAgain());  // or the next deadline does
  GiveTurnBack();
}

}  // namespace tenter
