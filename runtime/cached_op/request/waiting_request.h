// WaitingRequest: a request whose caller waits for its end, and runs it himself where nobody else
// does.
//
// Path: CachedOp::Invoke -> WaitingRequest::Run -> Request.
//
// Thread safety: Run by one thread; the overrides are called by whoever has the request.
// Ownership and lifetime: lives in the frame of its caller.
// Invariants: nobody touches it when Run has returned.
// Errors: see CachedOp::Invoke.
#pragma once

#include <memory>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/cached_op/request/request.h"

namespace tenter {

class WaitingRequest final : public Request {
 public:
  WaitingRequest(const RequestHost& host, uint64_t number, std::shared_ptr<const Plan> plan,
                 std::span<const Tensor> inputs, const InvokeOptions& options);

  // Starts it, and blocks until it has ended. REQUIRES: called once.
  Result<std::vector<Tensor>> Run();

 private:
  enum class State { kStarted, kLeftToUs, kEnded };

  bool RunsHereIfFree() const noexcept override;
  bool LeftToItsThread() noexcept override EXCLUDES(mutex_);
  void Ended(bool on_worker) noexcept override EXCLUDES(mutex_);
  void Become(State state) EXCLUDES(mutex_);
  bool AwaitInTime() EXCLUDES(mutex_);
  State AwaitMoreThan(State state) noexcept EXCLUDES(mutex_);
  State BlockWhileAtMost(State known) EXCLUDES(mutex_);
  void SpinAtMost(int64_t spin_ns) const;

  Mutex mutex_;
  CondVar changed_;
  State state_ GUARDED_BY(mutex_) = State::kStarted;
  Atomic<bool> has_changed_ = false;  // a hint for who spins
};

}  // namespace tenter
