#include "runtime/base/fork.h"

#include <pthread.h>

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/base/mutex.h"

namespace tenter {
namespace {

enum class Stage { kRuns, kPaused, kTurnTaken };
struct Entry {
  ForkMember* member;
  Stage stage;
};

struct Members {
  Mutex mutex;
  CondVar changed;
  std::vector<Entry> all GUARDED_BY(mutex);
  bool forking GUARDED_BY(mutex) = false;
  ForkMember* stepping GUARDED_BY(mutex) = nullptr;  // whose step is taken, without the lock

  std::vector<Entry>::iterator Find(const ForkMember* member) REQUIRES(mutex) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Entry& entry) { return entry.member == member; });
    TENTER_CHECK(found != all.end(), "not a member of the fork protocol");
    return found;
  }
};

Members& TheMembers();

// Notices who runs again, and gives the turns back while anybody does. True when somebody does.
bool SomebodyRuns(Members& members) REQUIRES(members.mutex) {
  bool runs = false;
  for (Entry& entry : members.all) {
    const bool still_paused = entry.stage != Stage::kRuns && entry.member->StillPaused();
    if (!still_paused && entry.stage == Stage::kTurnTaken) entry.member->GiveTurnBack();
    if (!still_paused) entry.stage = Stage::kRuns;
    runs |= !still_paused;
  }
  for (Entry& entry : members.all)
    if (runs && entry.stage == Stage::kTurnTaken) {
      entry.member->GiveTurnBack();
      entry.stage = Stage::kPaused;
    }
  return runs;
}

// Takes one of the first two steps of one member. False when all have taken both.
bool TakeStep(Members& members) REQUIRES(members.mutex) {
  const Stage from = SomebodyRuns(members) ? Stage::kRuns : Stage::kPaused;
  const auto next = std::find_if(members.all.begin(), members.all.end(),
                                 [&](const Entry& entry) { return entry.stage == from; });
  if (next == members.all.end()) return false;
  ForkMember* const member = next->member;
  members.stepping = member;
  members.mutex.Unlock();
  if (from == Stage::kRuns)
    member->PauseForFork();
  else
    member->TakeTurnForFork();
  members.mutex.Lock();
  members.stepping = nullptr;
  members.Find(member)->stage = from == Stage::kRuns ? Stage::kPaused : Stage::kTurnTaken;
  members.changed.NotifyAll();
  return true;
}

void Undo(const Entry& entry) {
  if (entry.stage == Stage::kTurnTaken) entry.member->GiveTurnBack();
  if (entry.stage != Stage::kRuns) entry.member->GoOn();
}

// Taken in one handler of pthread_atfork and let go in another, which the analysis cannot follow.
void Before() NO_THREAD_SAFETY_ANALYSIS {
  Members& members = TheMembers();
  members.mutex.Lock();
  while (members.forking) members.changed.Wait(members.mutex);
  members.forking = true;
  while (TakeStep(members)) {
  }
  for (const Entry& entry : members.all) entry.member->BeforeFork();
}

void End(Members& members) NO_THREAD_SAFETY_ANALYSIS {
  for (Entry& entry : members.all) entry.stage = Stage::kRuns;
  members.forking = false;
  members.changed.NotifyAll();
  members.mutex.Unlock();
}

void InParent() NO_THREAD_SAFETY_ANALYSIS {
  Members& members = TheMembers();
  for (const Entry& entry : members.all) entry.member->AfterForkInParent();
  for (const Entry& entry : members.all) Undo(entry);
  End(members);
}

void InChild() NO_THREAD_SAFETY_ANALYSIS {
  Members& members = TheMembers();
  new (&members.changed) CondVar;  // those who waited exist in the parent only
  for (const Entry& entry : members.all) entry.member->AfterForkInChild();
  End(members);
}

Members& TheMembers() {
  static Members* const members = [] {
    auto made = std::make_unique<Members>();  // first: the handlers may be registered only once
    if (pthread_atfork(Before, InParent, InChild) != 0) throw std::bad_alloc();
    return made.release();
  }();
  return *members;
}

}  // namespace

void JoinFork(ForkMember* member) {
  Members& members = TheMembers();
  MutexLock lock(members.mutex);
  members.all.push_back({member, Stage::kRuns});
}

void LeaveFork(ForkMember* member) {
  Members& members = TheMembers();
  Entry entry;
  {
    MutexLock lock(members.mutex);
    while (members.stepping == member) members.changed.Wait(members.mutex);
    const auto place = members.Find(member);
    entry = *place;
    members.all.erase(place);
  }
  Undo(entry);
}

bool ForkWaitsForThisThread() {
  Members& members = TheMembers();
  MutexLock lock(members.mutex);
  return std::any_of(members.all.begin(), members.all.end(),
                     [](const Entry& entry) { return entry.member->RunsOpOnThisThread(); });
}

}  // namespace tenter
