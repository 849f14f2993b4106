// Cancellation: how the body of an op learns that nobody wants its result any more (ERR-12).
//
//   Engine::Stop(kCancel)  -> CancelSource of the engine --+
//   FailureScope::Cancel   -> CancelSource of the scope  --+--> CancelToken::requested: poll it
//   the deadline of the op -> the clock, Deadlines       --+--> CancelCallback: wakes who blocks
//
// Path: OpContext::cancel -> the body polls it now and then, or keeps a CancelCallback while it
// blocks.
//
// Thread safety: every method from any thread. A callback is called with no lock held, by whoever
//   cancels, or by the thread that creates it when that comes too late.
// Ownership and lifetime: a token is valid until its op has ended, and so must its callbacks be
//   gone. A CancelCallback that is destroyed while it is called on another thread waits for that.
// Invariants: (1) a source that was cancelled stays so. (2) a callback is called at most once, and
//   exactly once when a cancellation comes before its end.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/base/status.h"

namespace tenter {

class CancelCallback;
class Deadlines;

// What the sources of one engine share.
struct Cancellation {
  explicit Cancellation(Deadlines* timer) : deadlines(timer) {}

  // In the child of a fork: the callbacks that there are belong to threads of the parent. `mutex`
  // was held over the fork.
  void ForgetThreads() EXCLUDES(mutex);

  Deadlines* const deadlines;
  Mutex mutex;  // a leaf
  CondVar returned;
  uint64_t forks GUARDED_BY(mutex) = 0;
};

class CancelSource {
 public:
  explicit CancelSource(Cancellation* shared) : shared_(shared) {}

  bool cancelled() const { return reason() != StatusCode::kOk; }
  // kOk, kStopped or kDeadlineExceeded: that of the first Cancel.
  StatusCode reason() const { return reason_.Load(kAcquire); }

  // Returns when all callbacks have returned that were there.
  void Cancel(StatusCode reason);

 private:
  friend class CancelCallback;
  void ForgetAfterFork() REQUIRES(shared_->mutex);

  Cancellation* const shared_;
  Atomic<StatusCode> reason_ = StatusCode::kOk;  // set before the callbacks are looked through
  std::vector<CancelCallback*> callbacks_ GUARDED_BY(shared_->mutex);
  CancelCallback* running_ GUARDED_BY(shared_->mutex) = nullptr;
  uint64_t runner_ GUARDED_BY(shared_->mutex) = 0;
  uint64_t forks_ GUARDED_BY(shared_->mutex) = 0;  // when the callbacks were looked at
};

class CancelToken {
 public:
  CancelToken() = default;  // never requested
  CancelToken(CancelSource* engine, CancelSource* scope, int64_t deadline_ns)
      : engine_(engine), scope_(scope), deadline_ns_(deadline_ns) {}

  // Cheap: two loads, and a look at the clock when the op has a deadline.
  bool requested() const { return reason() != StatusCode::kOk; }
  // kOk; kStopped when the engine stops or the scope was cancelled; kDeadlineExceeded.
  StatusCode reason() const;

 private:
  friend class CancelCallback;
  CancelSource* engine_ = nullptr;
  CancelSource* scope_ = nullptr;  // null: the op is in none
  int64_t deadline_ns_ = 0;        // as NowNs counts; 0: none
};

class CancelCallback {
 public:
  // Calls `wake` as soon as `token` is requested; before it returns when it is already, unless
  // another thread, which cancels just then, calls it. `wake` must not throw and must not wait for
  // the engine. Throws std::bad_alloc, and StatusError with
  // kResourceExhausted when the op has a deadline and no thread can be started that watches it.
  CancelCallback(const CancelToken& token, std::function<void()> wake);
  ~CancelCallback();
  CancelCallback(const CancelCallback&) = delete;
  CancelCallback& operator=(const CancelCallback&) = delete;

 private:
  friend class CancelSource;
  void Register(CancelSource* source);
  void Unregister(CancelSource* source);
  void Call();

  const CancelToken token_;
  const std::function<void()> wake_;
  Atomic<bool> called_ = false;
};

}  // namespace tenter
