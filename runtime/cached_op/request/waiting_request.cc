#include "runtime/cached_op/request/waiting_request.h"

#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// As long as a thread spins that waits for a var: a small model is done by then. A request that had
// to wait for its place takes longer, and its thread would only be in the way of a worker.
constexpr int64_t kSpinNs = 30 * kNsPerUs;

}  // namespace

WaitingRequest::WaitingRequest(const RequestHost& host, uint64_t number,
                               std::shared_ptr<const Plan> plan, std::span<const Tensor> inputs,
                               const InvokeOptions& options)
    : Request(host, number, std::move(plan), inputs, options) {
  thread = CurrentThreadKey();
  blocks = true;
}

Result<std::vector<Tensor>> WaitingRequest::Run() {
  if (!plan_->runs_inline())
    TENTER_RETURN_IF_ERROR(host_.engine->RefuseInsideOp("a call of a cached op"));
  TENTER_ASSIGN_OR_RETURN(const bool placed, Start());
  if (placed) SpinAtMost(kSpinNs);
  if (!AwaitInTime() && host_.pool->Withdraw(*this))
    EndHere({StatusCode::kDeadlineExceeded, Name() + "its deadline has passed"});
  if (AwaitMoreThan(State::kStarted) == State::kLeftToUs) {
    BeginHere();
    AwaitMoreThan(State::kLeftToUs);
  }
  if (!status_.ok()) return std::move(status_);
  return std::move(outputs_);
}

// False when its deadline has passed before, of a request without a scope: nobody else looks at it.
bool WaitingRequest::AwaitInTime() {
  MutexLock lock(mutex_);
  if (deadline_ns_ == 0 || scope() != nullptr) return true;
  while (state_ == State::kStarted) {
    const int64_t left = deadline_ns_ - NowNs();
    if (left <= 0) return false;
    changed_.WaitFor(mutex_, left);
  }
  return true;
}

void WaitingRequest::SpinAtMost(int64_t spin_ns) const {
  constexpr int kPauses = 32;
  const int64_t end = TimeAfter(NowNs(), spin_ns);
  do {
    for (int i = 0; i < kPauses; ++i) {
      if (has_changed_.Load(kRelaxed)) return;
      SpinPause();
    }
    YieldThread();  // perhaps the worker wants this processor
  } while (NowNs() < end);
}

// A body of another engine may be here while the process forks. Nothing may leave the frame before
// the end.
WaitingRequest::State WaitingRequest::AwaitMoreThan(State state) noexcept {
  struct Wait {
    WaitingRequest* request;
    State known, now;
  } wait{this, state, State::kStarted};
  // One reference: a std::function of it needs no memory.
  const auto block = [&wait] { wait.now = wait.request->BlockWhileAtMost(wait.known); };
  if (scope() == nullptr)
    block();
  else
    host_.engine->WaitThrough(block);
  return wait.now;
}

WaitingRequest::State WaitingRequest::BlockWhileAtMost(State known) {
  MutexLock lock(mutex_);
  while (state_ <= known) changed_.Wait(mutex_);
  return state_;
}

// A push to a stopped engine is refused with all that has to be said of it.
bool WaitingRequest::RunsHereIfFree() const noexcept {
  return plan_->way() == Way::kDirect && !host_.is_naive && !host_.engine->stopping();
}

bool WaitingRequest::LeftToItsThread() noexcept {
  if (scope() != nullptr && !host_.is_naive) return false;
  Become(State::kLeftToUs);
  return true;
}

void WaitingRequest::Ended(bool) noexcept { Become(State::kEnded); }

void WaitingRequest::Become(State state) {
  MutexLock lock(mutex_);
  state_ = state;
  has_changed_.Store(true, kRelaxed);
  changed_.NotifyOne();
}

}  // namespace tenter
