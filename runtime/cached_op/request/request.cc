#include "runtime/cached_op/request/request.h"

#include <utility>

#include "runtime/base/clock.h"
#include "runtime/cached_op/no_memory.h"
#include "runtime/cached_op/request/batch.h"
#include "runtime/cached_op/request/step_body.h"
#include "runtime/cached_op/sites.h"

namespace tenter {
namespace {

// While it lives, the calling thread is as one of the engine, where answers and the library's
// threads depend on it.
class AsAWorker {
 public:
  explicit AsAWorker(const Rounding& rounding) { rounding.Apply(); }
  ~AsAWorker() { before_.Apply(); }

 private:
  const Rounding before_ = Rounding::OfThisThread();
  const OneOmpThread one_;
};

}  // namespace

Request::Request(const RequestHost& host, uint64_t number, std::shared_ptr<const Plan> plan,
                 std::span<const Tensor> inputs, const InvokeOptions& options)
    : host_(host),
      number_(number),
      plan_(std::move(plan)),
      inputs_(inputs),
      options_(options),
      deadline_ns_(options.timeout_ns == 0 ? 0 : TimeAfter(NowNs(), options.timeout_ns)) {
  priority = options.priority;
  if (host.batches && plan_->rows_apart().ok()) kind = plan_.get();
}

Result<bool> Request::Start() noexcept {
  Result<bool> placed = false;
  try {
    placed = Enter();
  } catch (...) {
    placed = StatusOfCurrent();
  }
  // One that waits belongs to the pool, and may have ended by now.
  if (placed.ok()) {
    if (*placed) BeginAll(this);
    return placed;
  }
  SetScope(nullptr);
  if (has_place) BeginAll(static_cast<Request*>(host_.pool->Return(*this)));
  return placed;
}

Result<bool> Request::Enter() {
  if (RunsHereIfFree()) {
    TENTER_ASSIGN_OR_RETURN(const bool placed, host_.pool->EnterIfFree(this, plan_));
    if (placed) return true;
  }
  if (!plan_->runs_inline()) {
    TENTER_RETURN_IF_ERROR(MakeScope());
    if (deadline_ns_ != 0) TENTER_RETURN_IF_ERROR(scope_->SetTimeout(options_.timeout_ns));
    if (SetScope(scope_.get()) || deadline_ns_ != 0)
      withdraw_.emplace(CancelToken(nullptr, scope_->cancel_source(), 0),
                        [this] { EndWithdrawn(); });
  }
  Result<bool> placed = host_.pool->Enter(this, plan_);
  if (!placed.ok() && scope_ != nullptr && scope_->cancelled())
    return Cancelled(scope_->cancel_source()->reason());
  return placed;
}

Status Request::MakeScope() {
  TENTER_ASSIGN_OR_RETURN(scope_, host_.engine->NewScope());
  return {};
}

void Request::BeginAll(Request* request) noexcept {
  while (request != nullptr) request = request->Begin();
}

Request* Request::Begin() noexcept {
  if (kind != nullptr && scope_ != nullptr)
    if (Request* const batch = RequestBatch::Gather(*this); batch != nullptr)
      return batch->BeginOps();
  return LeftToItsThread() ? nullptr : BeginOps();
}

void Request::BeginHere() noexcept {
  const AsAWorker here(host_.rounding);
  BeginAll(scope_ == nullptr ? RunHere() : BeginOps());
}

Request* Request::BeginOps() noexcept {
  withdraw_.reset();
  try {
    if (Status prepared = Prepare(); !prepared.ok()) return End(std::move(prepared));
  } catch (...) {
    return End(StatusOfCurrent());
  }
  scope_->Hold();
  try {
    pushed_ = Push();
  } catch (...) {
    pushed_ = StatusOfCurrent();
  }
  return scope_->CallWhenIdle(&OpsEnded, &arena()) ? EndOfOps() : nullptr;
}

void Request::OpsEnded(void* arena) noexcept {
  BeginAll(static_cast<Arena*>(arena)->request()->EndOfOps());
}

Status Request::Prepare() {
  TENTER_RETURN_IF_ERROR(host_.pool->Furnish(*this, plan_));
  return arena().Bind(this, scope_.get(), inputs_);
}

Status Request::Push() {
  for (size_t number = 0; number < plan_->ops().size(); ++number) {
    ArenaOp& op = arena().op(number);
    TENTER_ASSIGN_OR_RETURN(op.push_number,
                            host_.engine->Push({.name = plan_->ops()[number].name,
                                                .reads = op.reads,
                                                .writes = op.writes,
                                                .priority = options_.priority,
                                                .scope = scope_.get(),
                                                .body = OpOfRequest{&arena(), number}}));
  }
  return {};
}

Request* Request::EndOfOps() noexcept {
  try {
    return End(StatusOfOps());
  } catch (...) {
    return End(StatusOfCurrent());
  }
}

Status Request::StatusOfOps() {
  const FailureReport report = scope_->Take(1);
  if (!pushed_.ok()) return {pushed_.code(), Name() + pushed_.message()};
  if (!report.failures.empty()) {
    const Failure& failure = *report.failures[0];
    return Describe(OpOf(failure.push_number()), failure.thrown());
  }
  if (report.more > 0) return NoMemory();  // for what is known of a failure
  return arena().complete() ? Status() : Cancelled(scope_->cancel_source()->reason());
}

// Its ops were cancelled before they began, which is no failure of theirs.
Status Request::Cancelled(StatusCode reason) const {
  if (reason == StatusCode::kDeadlineExceeded) return {reason, Name() + "its deadline has passed"};
  if (reason == StatusCode::kStopped) return {reason, Name() + "it was cancelled"};
  return {StatusCode::kStopped, Name() + "the engine was stopped"};
}

// Behind Ended nothing of the request is there.
Request* Request::End(Status status, bool on_worker) noexcept {
  status_ = std::move(status);
  try {
    if (status_.ok()) outputs_ = arena().TakeOutputs();
  } catch (...) {
    status_ = StatusOfCurrent();
  }
  SetScope(nullptr);
  BeforeReturn();
  Entrant* const next = has_place ? host_.pool->Return(*this) : nullptr;
  Ended(on_worker);
  return static_cast<Request*>(next);
}

// Called when the scope is cancelled, also by the deadline. Ops that were pushed see it themselves.
void Request::EndWithdrawn() noexcept {
  if (!host_.pool->Withdraw(*this)) return;
  try {
    EndHere(Cancelled(scope_->cancel_source()->reason()));
  } catch (...) {
    EndHere(StatusOfCurrent());
  }
}

void Request::GoOn(Entrant* entrants) noexcept {
  while (entrants != nullptr) {
    auto* const request = static_cast<Request*>(std::exchange(entrants, entrants->after));
    if (request->has_place)
      BeginAll(request);
    else
      request->EndAlong(request->StatusOfCancel(), {});
  }
}

Status Request::StatusOfCancel() const noexcept {
  try {
    return Cancelled(scope_->cancel_source()->reason());
  } catch (...) {
    return StatusOfCurrent();
  }
}

// Its own plan has the node as this request reads it.
Status Request::StatusOfNode(const ModelNode& node, const Thrown& thrown) const noexcept {
  try {
    const Status status = thrown.ToStatus();
    std::string where = NameOf(node);
    for (const PlanStep& step : plan_->steps())
      for (const ModelNode& mine : step.nodes)
        if (mine.name == node.name) where = NameOf(mine);
    return {status.code(), Name() + where + ": " + status.message()};
  } catch (...) {
    return StatusOfCurrent();
  }
}

void Request::EndAlong(Status status, std::vector<Tensor> outputs) noexcept {
  withdraw_.reset();
  status_ = std::move(status);
  outputs_ = std::move(outputs);
  SetScope(nullptr);
  Ended(/*on_worker=*/true);
}

void Request::BeforeStep(const CancelToken& cancel) {
  if (const StatusCode reason = cancel.reason(); reason != StatusCode::kOk)
    throw StatusError({reason, reason == StatusCode::kDeadlineExceeded
                                   ? "its deadline passed before its next node"
                                   : "cancelled before its next node"});
}

void Request::BeforeNode([[maybe_unused]] const ModelNode& node) {
  const ProbeOutcome fault = TENTER_HIT(host_.probe, cached_op_sites::kNodeRun, .op = node.name,
                                        .request = static_cast<int64_t>(number_));
  if (!fault.error.ok()) throw StatusError(fault.error);
}

void Request::AfterSteps() {
  TENTER_HIT(host_.probe, cached_op_sites::kRequestEnd, .request = static_cast<int64_t>(number_));
}

void Request::TurnAway(Entrant* waited) noexcept {
  while (waited != nullptr) {
    auto* const request = static_cast<Request*>(std::exchange(waited, waited->after));
    request->EndHere(MadeStatus(StatusCode::kClosed, "the cached op was freed"));
  }
}

Request* Request::RunHere() noexcept {
  CancelSource* const stop = plan_->runs_inline() ? nullptr : host_.engine->cancel_source();
  try {
    Status status = Prepare();
    if (!status.ok()) return End(std::move(status));
    try {
      RunOp(arena(), 0, -1, CancelToken(stop, nullptr, deadline_ns_));
    } catch (...) {
      status = Describe(0, Thrown::Current());
    }
    return End(std::move(status));
  } catch (...) {
    return End(StatusOfCurrent());
  }
}

// Nothing for a failure that was written down without memory.
std::optional<size_t> Request::OpOf(uint64_t push_number) const {
  for (size_t number = 0; number < plan_->ops().size(); ++number)
    if (arena().op(number).push_number == push_number) return number;
  return std::nullopt;
}

// Empty when no node of the op was running: it was cancelled before.
std::string Request::NodeOf(size_t op) const {
  for (size_t number = plan_->ops()[op].first; number < plan_->ops()[op].end; ++number) {
    const PlanStep& step = plan_->steps()[number];
    const std::optional<size_t> at_node = arena().step(number).at_node;
    if (at_node)
      return (step.nodes.empty() ? "node '" + step.name + "'" : NameOf(step.nodes[*at_node])) +
             ": ";
  }
  return "";
}

Status Request::Describe(std::optional<size_t> op, const Thrown& thrown) const {
  const Status status = thrown.ToStatus();
  return {status.code(), Name() + (op ? NodeOf(*op) : "") + status.message()};
}

}  // namespace tenter
