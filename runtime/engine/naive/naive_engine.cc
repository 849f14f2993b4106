// The caller's side of NaiveEngine: construction, vars, waiting, stopping.
#include "runtime/engine/naive/naive_engine.h"

#include <new>
#include <utility>

#include "runtime/engine/pending/push_rules.h"

namespace tenter {
namespace {

// There is nothing to gain: every op runs at once.
class NaiveBulk final : public Bulk {
 public:
  explicit NaiveBulk(Engine* engine) : engine_(engine) {}
  Status Push(Op&& op) override { return engine_->Push(std::move(op)).status(); }
  Status Flush() override { return {}; }

 private:
  Engine* const engine_;
};

}  // namespace

std::unique_ptr<Bulk> NaiveEngine::NewBulk(size_t) { return std::make_unique<NaiveBulk>(this); }

NaiveEngine::NaiveEngine(const EngineOptions& options)
    : error_policy_(options.error_policy), probe_(options.probe), tracer_(options.tracer) {
  JoinFork(this);
}

NaiveEngine::~NaiveEngine() {
  TENTER_CHECK(!InsideOp(), "an engine was destroyed inside one of its own ops");
  LeaveFork(this);  // first: a fork that is waiting for the body which destroys this has the turn
  static_cast<void>(Stop(StopMode::kDrain));
  MutexLock lock(handles_mutex_);
  while (handles_alive_ > 0) handle_used_.Wait(handles_mutex_);
}

Result<Var> NaiveEngine::NewVar() {
  if (stopping_.Load(kAcquire)) return Status(StatusCode::kStopped, "NewVar after Stop");
  try {
    const uint32_t index = vars_.Add();
    const uint64_t handle = vars_.Slot(index).handle.FetchOr(1, kRelease);
    return Var{index, static_cast<uint32_t>(handle >> 1)};
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory");
  }
}

Status NaiveEngine::RefuseInsideOp(const char* wait) const noexcept {
  if (!InsideOp()) return {};
  return WaitInsideOp(wait, running_.view(running_size_), running_number_.Load(kRelaxed));
}

bool NaiveEngine::OwnsThisThread() const noexcept {
  return InsideOp() || deadlines_.OwnsThisThread();
}

Result<PoisonPtr> NaiveEngine::AwaitVar(Var var) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForVar"));
  SmallMutexLock turn(turn_);
  const NaiveVar* const state = Find(var);
  if (state == nullptr) return StaleVar(var);
  return state->poison;
}

Result<FailureReport> NaiveEngine::AwaitAll(size_t most) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForAll"));
  SmallMutexLock turn(turn_);
  return failures_.Take(most);
}

Result<ScopePtr> NaiveEngine::NewScope() { return FailureScope::Make(this, &cancellation_); }

Status NaiveEngine::WaitForScope(const std::function<void()>& block) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("a wait for a failure scope"));
  block();
  return {};
}

// A fork takes this lock.
void NaiveEngine::LookAtScope(const std::function<void()>& look) const {
  MutexLock lock(failures_.mutex());
  look();
}

Status NaiveEngine::Stop(StopMode mode) {
  if (mode == StopMode::kCancel) cancel_.Cancel(StatusCode::kStopped);
  stopping_.Store(true, kSeqCst);
  if (InsideOp()) return {};
  SmallMutexLock turn(turn_);
  return {};
}

}  // namespace tenter
