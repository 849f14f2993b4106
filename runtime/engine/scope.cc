#include "runtime/engine/scope.h"

#include <new>
#include <utility>

#include "runtime/base/clock.h"

namespace tenter {

void ScopeHost::ForgetScopeWaiters() {
  MutexLock lock(mutex_);
  new (&idle_) CondVar;
}

Result<ScopePtr> FailureScope::Make(ScopeHost* host, Cancellation* cancellation) {
  auto* const scope = new (std::nothrow) FailureScope(host, cancellation);
  if (scope == nullptr) return Status(StatusCode::kResourceExhausted, "out of memory");
  return ScopePtr(scope);
}

void ScopeRelease::operator()(FailureScope* scope) const { scope->Release(); }

void FailureScope::Release() {
  if (deadline_ns_ != 0) cancellation_->deadlines->RemoveAndWait(deadline_ns_, this);
  if (live_.FetchAnd(~kOwned, kAcqRel) == kOwned) delete this;
}

const Deadlines::Sort FailureScope::kDeadline = {
    .passed = &DeadlinePassed, .after = &AfterDeadline, .destroy = [](void* scope) {
      delete static_cast<FailureScope*>(scope);
    }};

// While it runs, Release waits on every thread but this one: a callback may drop the scope.
void FailureScope::DeadlinePassed(void*, void* object) {
  auto* const scope = static_cast<FailureScope*>(object);
  scope->live_.FetchOr(kPassing, kRelaxed);
  scope->cancel_.Cancel(StatusCode::kDeadlineExceeded);
}

Deadlines::After FailureScope::AfterDeadline(void* scope) {
  const uint64_t before = static_cast<FailureScope*>(scope)->live_.FetchAnd(~kPassing, kAcqRel);
  if ((before & ~kPassing) == 0) return Deadlines::After::kDestroy;
  return (before & kOwned) != 0 ? Deadlines::After::kKeep : Deadlines::After::kForget;
}

void FailureScope::Cancel() {
  host_->LookAtScope([] {});  // in the child of a fork the first call comes before any lock
  cancel_.Cancel(StatusCode::kStopped);
}

Status FailureScope::SetTimeout(int64_t timeout_ns) {
  host_->LookAtScope([] {});  // as in Cancel
  const int64_t at_ns = TimeAfter(NowNs(), timeout_ns);
  deadline_ns_ = at_ns;  // before it may pass, and a callback drop the scope
  try {
    cancellation_->deadlines->Add(at_ns, &kDeadline, nullptr, this);
  } catch (const StatusError& error) {
    deadline_ns_ = 0;
    return error.status();
  } catch (const std::bad_alloc&) {
    deadline_ns_ = 0;
    return {StatusCode::kResourceExhausted, "out of memory"};
  }
  return {};
}

Result<FailureReport> FailureScope::Await(size_t most) {
  TENTER_RETURN_IF_ERROR(AwaitIdle());
  FailureReport report;
  host_->LookAtScope([&] {
    SmallMutexLock lock(mutex_);
    report = log_.Take(most);
  });
  return report;
}

// It says that it waits before the bulks are handed over: an op that comes into one behind that
// sees it. One that has just opened the first bulk shares no lock with the hand-over, which looks
// at the number of bulks alone: that, and `live_` here and in Enter, are in one order.
Status FailureScope::AwaitIdle() {
  host_->LookAtScope([] {});  // as in Cancel
  {
    MutexLock lock(host_->mutex_);
    ++waiters_;
    live_.FetchOr(kAwaited, kSeqCst);
  }
  Status waited = host_->WaitForScope([this] { Sleep(); });
  MutexLock lock(host_->mutex_);
  if (--waiters_ == 0) live_.FetchAnd(~kAwaited, kRelaxed);
  return waited;
}

void FailureScope::Sleep() {
  MutexLock lock(host_->mutex_);
  while ((live_.Load(kAcquire) & ~kPassing) != (kAwaited | kOwned))
    host_->idle_.Wait(host_->mutex_);
}

// That no op is left, and who is the one that calls, are one step: somebody else may hold the scope
// and leave it right behind this, and whoever does not call must not touch it any more.
void FailureScope::Leave(uint64_t ops) {
  ScopeHost* const host = host_;
  uint64_t before = live_.Load(kRelaxed), left = 0;
  bool calls = false;
  do {
    left = before - ops;
    calls = (left & (kOps | kCalls)) == kCalls;
    if (calls) left &= ~kCalls;
  } while (!live_.CompareExchange(&before, left, kAcqRel));
  if (calls) return when_idle_(when_idle_arg_);
  if (left == 0) return delete this;
  // From here on whoever owns the scope may let it go.
  if ((left & ~kPassing) != (kAwaited | kOwned)) return;
  MutexLock lock(host->mutex_);
  host->idle_.NotifyAll();
}

bool FailureScope::CallWhenIdle(void (*call)(void* arg), void* arg) {
  when_idle_ = call;
  when_idle_arg_ = arg;
  uint64_t before = live_.Load(kRelaxed), left = 0;
  do {
    left = before - 1;
    if ((left & kOps) != 0) left |= kCalls;
  } while (!live_.CompareExchange(&before, left, kAcqRel));
  return (left & kOps) == 0;
}

FailureReport FailureScope::Take(size_t most) {
  SmallMutexLock lock(mutex_);
  return log_.Take(most);
}

Status FailureScope::Forget() {
  TENTER_RETURN_IF_ERROR(AwaitIdle());
  FailureLog forgotten;  // an exception is the user's, and is destroyed without a lock
  host_->LookAtScope([&] {
    SmallMutexLock lock(mutex_);
    std::swap(forgotten, log_);
  });
  return {};
}

void FailureScope::Log(FailurePtr failure) {
  FailureLog::Forgotten forgotten;
  SmallMutexLock lock(mutex_);
  forgotten = log_.Add(std::move(failure));
}

FailurePtr FailureScope::FailureOf(const std::exception_ptr& exception) const {
  FailurePtr found;
  host_->LookAtScope([&] {
    SmallMutexLock lock(mutex_);
    found = log_.Find(exception);
  });
  return found;
}

}  // namespace tenter
