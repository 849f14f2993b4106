#include "runtime/engine/fork.h"

#include <pthread.h>

#include <algorithm>
#include <vector>

#include "runtime/base/mutex.h"

namespace tenter {
namespace {

struct Members {
  Mutex mutex;
  std::vector<ForkMember*> all GUARDED_BY(mutex);
};

Members& TheMembers();

// The lock is held over the fork, so that nobody joins or leaves meanwhile.
void Before() NO_THREAD_SAFETY_ANALYSIS {
  TheMembers().mutex.Lock();
  for (ForkMember* member : TheMembers().all) member->PauseForFork();
  for (ForkMember* member : TheMembers().all) member->TakeTurnForFork();
  for (ForkMember* member : TheMembers().all) member->BeforeFork();
}
void InParent() NO_THREAD_SAFETY_ANALYSIS {
  for (ForkMember* member : TheMembers().all) member->AfterForkInParent();
  TheMembers().mutex.Unlock();
}
void InChild() NO_THREAD_SAFETY_ANALYSIS {
  for (ForkMember* member : TheMembers().all) member->AfterForkInChild();
  TheMembers().mutex.Unlock();
}

Members& TheMembers() {
  static Members* const members = [] {
    pthread_atfork(Before, InParent, InChild);
    return new Members;
  }();
  return *members;
}

}  // namespace

void JoinFork(ForkMember* member) {
  Members& members = TheMembers();
  MutexLock lock(members.mutex);
  members.all.push_back(member);
}

void LeaveFork(ForkMember* member) {
  Members& members = TheMembers();
  MutexLock lock(members.mutex);
  members.all.erase(std::find(members.all.begin(), members.all.end(), member));
}

}  // namespace tenter
