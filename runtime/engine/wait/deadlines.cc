#include "runtime/engine/wait/deadlines.h"

#include <new>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

namespace tenter {

Status Deadlines::Start() {
  MutexLock lock(mutex_);
  return StartThread();
}

Status Deadlines::StartThread() {
  if (started_) return {};
  TENTER_RETURN_IF_ERROR(thread_.Start("tenter-timer", [this] { Loop(); }));
  started_ = true;
  return {};
}

void Deadlines::Add(int64_t at_ns, const Sort* sort, void* owner, void* object) {
  MutexLock lock(mutex_);
  if (Status status = StartThread(); !status.ok()) throw StatusError(std::move(status));
  entries_.emplace(std::pair(at_ns, object), Entry{sort, owner});
  changed_.NotifyOne();
}

bool Deadlines::Remove(int64_t at_ns, void* object) {
  MutexLock lock(mutex_);
  return entries_.erase({at_ns, object}) > 0;
}

void Deadlines::RemoveAndWait(int64_t at_ns, void* object) {
  MutexLock lock(mutex_);
  entries_.erase({at_ns, object});
  if (OwnsThisThread()) return;  // `passed` itself calls
  while (!passing_.empty() && passing_.key().second == object) returned_.Wait(mutex_);
}

void Deadlines::ForgetThread(const Sort* kept) {
  MutexLock lock(mutex_);
  Entries::node_type passing = std::move(passing_);
  // The thread that forks may be that of the deadlines, inside `passed`: then it goes on.
  const bool was_passing = !passing.empty() && passing.mapped().sort == kept && !OwnsThisThread();
  new (&changed_) CondVar;
  new (&returned_) CondVar;
  new (&thread_) Thread;
  started_ = false;
  thread_key_.Store(0, kRelaxed);
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.sort != kept; });
  if (!was_passing) return;
  const After after = kept->after(passing.key().second);
  if (after == After::kKeep) entries_.insert(std::move(passing));
  if (after == After::kDestroy) kept->destroy(passing.key().second);
}

Status Deadlines::StartAgain() {
  MutexLock lock(mutex_);
  return entries_.empty() ? Status() : StartThread();
}

void Deadlines::Close() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
    changed_.NotifyOne();
  }
  thread_.Join();
}

void Deadlines::Loop() {
  thread_key_.Store(CurrentThreadKey(), kRelaxed);
  MutexLock lock(mutex_);
  while (!closing_) {
    const int64_t now = NowNs();
    if (entries_.empty()) {
      changed_.Wait(mutex_);
    } else if (const int64_t first = entries_.begin()->first.first; first > now) {
      changed_.WaitFor(mutex_, first - now);
    } else {
      PassFirst();
    }
  }
}

void Deadlines::PassFirst() {
  passing_ = entries_.extract(entries_.begin());
  void* const object = passing_.key().second;
  const Entry entry = passing_.mapped();
  mutex_.Unlock();
  entry.sort->passed(entry.owner, object);
  mutex_.Lock();
  const bool goes = entry.sort->after != nullptr && entry.sort->after(object) == After::kDestroy;
  passing_ = {};
  returned_.NotifyAll();
  if (!goes) return;
  mutex_.Unlock();
  entry.sort->destroy(object);
  mutex_.Lock();
}

}  // namespace tenter
