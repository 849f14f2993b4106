#include "runtime/engine/cancel.h"

#include <algorithm>
#include <new>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/thread.h"
#include "runtime/engine/wait/deadlines.h"

namespace tenter {

void Cancellation::ForgetThreads() {
  MutexLock lock(mutex);
  new (&returned) CondVar;
  ++forks;
}

void CancelSource::ForgetAfterFork() {
  if (std::exchange(forks_, shared_->forks) == shared_->forks) return;
  callbacks_.clear();
  running_ = nullptr;
}

void CancelSource::Cancel(StatusCode reason) {
  StatusCode before = StatusCode::kOk;
  while (before == StatusCode::kOk && !reason_.CompareExchange(&before, reason, kSeqCst)) {
  }
  if (before != StatusCode::kOk) return;
  MutexLock lock(shared_->mutex);
  ForgetAfterFork();
  runner_ = CurrentThreadKey();
  while (!callbacks_.empty()) {
    CancelCallback* const callback = running_ = callbacks_.back();
    callbacks_.pop_back();
    shared_->mutex.Unlock();
    callback->Call();
    shared_->mutex.Lock();
    running_ = nullptr;
    shared_->returned.NotifyAll();
  }
}

StatusCode CancelToken::reason() const {
  for (const CancelSource* source : {engine_, scope_})
    if (source != nullptr)
      if (const StatusCode reason = source->reason(); reason != StatusCode::kOk) return reason;
  return deadline_ns_ != 0 && NowNs() > deadline_ns_ ? StatusCode::kDeadlineExceeded
                                                     : StatusCode::kOk;
}

CancelCallback::CancelCallback(const CancelToken& token, std::function<void()> wake)
    : token_(token), wake_(std::move(wake)) {
  static constexpr Deadlines::Sort kDeadline = {
      .passed = [](void*, void* self) { static_cast<CancelCallback*>(self)->Call(); }};
  try {
    Register(token_.engine_);
    Register(token_.scope_);
    if (token_.deadline_ns_ != 0)
      token_.engine_->shared_->deadlines->Add(token_.deadline_ns_, &kDeadline, nullptr, this);
  } catch (...) {
    Unregister(token_.scope_);
    Unregister(token_.engine_);
    throw;
  }
  if (token_.requested()) Call();
}

CancelCallback::~CancelCallback() {
  if (token_.deadline_ns_ != 0)
    token_.engine_->shared_->deadlines->RemoveAndWait(token_.deadline_ns_, this);
  Unregister(token_.scope_);
  Unregister(token_.engine_);
}

void CancelCallback::Register(CancelSource* source) {
  if (source == nullptr) return;
  MutexLock lock(source->shared_->mutex);
  source->ForgetAfterFork();
  // A source that was cancelled has looked through its callbacks; the constructor looks afterwards.
  if (!source->cancelled()) source->callbacks_.push_back(this);
}

// Blocks while another thread calls this one.
void CancelCallback::Unregister(CancelSource* source) {
  if (source == nullptr) return;
  MutexLock lock(source->shared_->mutex);
  source->ForgetAfterFork();
  std::erase(source->callbacks_, this);
  while (source->running_ == this && source->runner_ != CurrentThreadKey())
    source->shared_->returned.Wait(source->shared_->mutex);
}

void CancelCallback::Call() {
  if (!called_.Exchange(true, kAcqRel)) wake_();
}

}  // namespace tenter
