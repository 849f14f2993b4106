// NaiveEngine and fork: the forking thread has the turn, and the locks of those who do without it.
#include <new>

#include "runtime/engine/naive_engine.h"

namespace tenter {

// The forking thread takes the turn, so no body runs elsewhere; if it has the turn already, it
// keeps it in both processes.
void NaiveEngine::TakeTurnForFork() NO_THREAD_SAFETY_ANALYSIS {
  if (!InsideOp()) turn_.Lock();
}

// What those hold who do not take the turn.
void NaiveEngine::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  handles_mutex_.Lock();
  log_mutex_.Lock();
  programs_.mutex().Lock();
  vars_.mutex().Lock();
}

void NaiveEngine::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  vars_.mutex().Unlock();
  programs_.mutex().Unlock();
  log_mutex_.Unlock();
  handles_mutex_.Unlock();
  if (!InsideOp()) turn_.Unlock();
}

void NaiveEngine::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  new (&handle_used_) CondVar;  // those who waited exist in the parent only
  // So do those who looked at a var; they changed nothing.
  for (uint32_t index = 0; index < vars_.size(); ++index) new (&vars_.Slot(index).mutex) SmallMutex;
  AfterForkInParent();
}

}  // namespace tenter
