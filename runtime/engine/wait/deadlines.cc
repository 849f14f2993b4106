#include "runtime/engine/wait/deadlines.h"

#include <new>

#include "runtime/base/clock.h"

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

void Deadlines::Add(int64_t at_ns, Passed passed, void* owner, void* object) {
  MutexLock lock(mutex_);
  if (Status status = StartThread(); !status.ok()) throw StatusError(std::move(status));
  entries_.emplace(std::pair(at_ns, object), Entry{passed, owner});
  changed_.NotifyOne();
}

bool Deadlines::Remove(int64_t at_ns, void* object) {
  MutexLock lock(mutex_);
  return entries_.erase({at_ns, object}) > 0;
}

void Deadlines::RemoveAndWait(int64_t at_ns, void* object) {
  MutexLock lock(mutex_);
  entries_.erase({at_ns, object});
  if (thread_key_.Load(kRelaxed) == CurrentThreadKey()) return;  // `passed` itself calls
  while (passing_ == object) returned_.Wait(mutex_);
}

void Deadlines::ForgetThread(Passed kept) {
  MutexLock lock(mutex_);
  new (&changed_) CondVar;
  new (&returned_) CondVar;
  new (&thread_) Thread;
  started_ = false;
  passing_ = nullptr;
  thread_key_.Store(0, kRelaxed);
  std::erase_if(entries_, [&](const auto& entry) { return entry.second.passed != kept; });
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
      const auto [key, entry] = *entries_.begin();
      entries_.erase(entries_.begin());
      passing_ = key.second;
      mutex_.Unlock();
      entry.passed(entry.owner, key.second);
      mutex_.Lock();
      passing_ = nullptr;
      returned_.NotifyAll();
    }
  }
}

}  // namespace tenter
