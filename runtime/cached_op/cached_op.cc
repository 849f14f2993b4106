#include "runtime/cached_op/cached_op.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/cached_op/no_memory.h"
#include "runtime/cached_op/request/waiting_request.h"
#include "runtime/cached_op/sites.h"
#include "runtime/graph/rows/rows_apart.h"
#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

// One call of Invoke: inside from construction to destruction, unless it was turned away.
class Visit {
 public:
  Visit(Callers* callers, bool alone)
      : callers_(callers),
        caller_{.thread = CurrentThreadKey()},
        answer_(callers->Enter(&caller_, alone)) {}
  ~Visit() {
    if (answer_ == Callers::Answer::kEntered) callers_->Leave(&caller_);
  }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;
  Callers::Answer answer() const { return answer_; }

 private:
  Callers* const callers_;
  Caller caller_;
  const Callers::Answer answer_;
};

Status TurnedAway(Callers::Answer answer, uint64_t number) {
  if (answer == Callers::Answer::kClosed) return {StatusCode::kClosed, "the cached op was freed"};
  return {StatusCode::kConcurrentUse,
          "request " + std::to_string(number) +
              ": this cached op is for one caller at a time, and another one is inside"};
}

PoolLimits LimitsOf(const CachedOpOptions& options, Way way) {
  constexpr size_t kInFlight = 8, kMost = std::numeric_limits<size_t>::max();
  size_t in_flight = options.in_flight_max, running = options.running_max;
  const bool by_workers = way != Way::kInline && options.workers > 0;
  if (running == 0 && by_workers) running = static_cast<size_t>(options.workers);
  if (in_flight == 0) {
    const size_t batch = std::max<size_t>(options.batch_max, 1);
    in_flight = std::max(kInFlight, running > kMost / batch ? kMost : running * batch);
  }
  if (running == 0) running = in_flight;
  if (!options.thread_safe) running = 1;
  return {.running = std::min(running, in_flight),
          .in_flight = in_flight,
          .when_full = options.when_full};
}

// One for each thread that may run a kernel at the same time. Of callers, where kernels run on
// their threads, no more than there are processors: others do without.
std::unique_ptr<Teams> TeamsFor(const CachedOpOptions& options, Way way) {
  if (options.intra_op < 2 || options.kernels == KernelChoice::kReference) return nullptr;
  auto count = static_cast<size_t>(options.workers);
  const size_t callers =
      std::min(LimitsOf(options, way).running, static_cast<size_t>(ProcessorCount()));
  if (way == Way::kInline || options.workers == 0) count = callers;
  if (way == Way::kDirect) count = std::max(count, callers);
  return std::make_unique<Teams>(count, options.intra_op);
}

}  // namespace

CachedOp::CachedOp(Engine* engine, std::shared_ptr<const Graph> graph,
                   const CachedOpOptions& options)
    : graph_(std::move(graph)),
      options_(options),
      plans_({.plans = options.plans_max, .bytes = options.plan_bytes_max},
             [this](std::span<const TensorSpec> signature) -> Result<std::shared_ptr<const Plan>> {
               const ProbeOutcome fault =
                   TENTER_HIT(options_.probe, cached_op_sites::kPlanCompile, .op = graph_->name);
               if (!fault.error.ok()) return fault.error;
               return Compile(signature, 1);
             }),
      teams_(TeamsFor(options, way())),
      arenas_(engine, LimitsOf(options, way()), options.probe),
      host_{engine, options.workers == 0, &arenas_, teams_.get(), options.probe, batches()} {
  TENTER_CHECK(engine != nullptr || way() == Way::kInline, "only inline requests need no engine");
}

CachedOp::~CachedOp() {
  Close();
  Block([this] { callers_.AwaitNobody(); });
}

void CachedOp::AwaitAnswers() noexcept {
  Block([this] { callers_.AwaitAsked(); });
}

void CachedOp::Block(const std::function<void()>& block) noexcept {
  if (host_.engine == nullptr)
    block();
  else
    host_.engine->WaitThrough(block);
}

Result<std::shared_ptr<const Plan>> CachedOp::PlanFor(std::span<const Tensor> inputs) {
  std::vector<TensorSpec> signature;
  signature.reserve(inputs.size());
  for (const Tensor& input : inputs) signature.push_back(input.spec());
  // The compilation would refuse a wrong signature too, but only after taking a place in the cache.
  TENTER_RETURN_IF_ERROR(CheckSignature(*graph_, signature));
  TENTER_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, plans_.Get(signature));
  if (batches() && plan->rows_apart().ok()) PrepareBatches(*plan);
  return plan;
}

Result<std::shared_ptr<const Plan>> CachedOp::Compile(std::span<const TensorSpec> signature,
                                                      size_t requests) {
  const ForkHold::Scope no_fork(compiling_);
  const OneOmpThread one;
  return Plan::Compile(*graph_, signature,
                       {.kernels = options_.kernels,
                        .way = way(),
                        .workers = std::max(options_.workers, 1),
                        .winograd = options_.winograd,
                        .cut = {.threads = options_.intra_op, .grain = options_.grain},
                        .batches = batches() && requests == 1,
                        .requests = requests});
}

// The request that is about to come may be the last of a batch.
void CachedOp::PrepareBatches(const Plan& plan) {
  const size_t most = std::min(options_.batch_max, arenas_.limits().together());
  if (plan.batches().IsComplete(most)) return;
  plan.batches().Prepare(std::min(most, arenas_.waiting() + 1),
                         [&](size_t requests) -> Result<std::shared_ptr<const Plan>> {
                           TENTER_ASSIGN_OR_RETURN(const std::vector<TensorSpec> many,
                                                   TimesRows(plan.signature(), requests));
                           return Compile(many, requests);
                         });
  plans_.Trim();
}

Result<std::vector<Tensor>> CachedOp::Invoke(std::span<const Tensor> inputs,
                                             const InvokeOptions& options) {
  const uint64_t number = requests_.FetchAdd(1, kRelaxed) + 1;
  const Visit visit(&callers_, !options_.thread_safe);
  try {
    if (visit.answer() != Callers::Answer::kEntered) return TurnedAway(visit.answer(), number);
    TENTER_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, PlanFor(inputs));
    return WaitingRequest(host_, number, std::move(plan), inputs, options).Run();
  } catch (...) {
    return StatusOfCurrent();
  }
}

Result<uint64_t> CachedOp::InvokeAsync(std::vector<Tensor> inputs, const InvokeOptions& options,
                                       Answer answer) {
  const uint64_t number = requests_.FetchAdd(1, kRelaxed) + 1;
  const Visit visit(&callers_, !options_.thread_safe);
  try {
    if (visit.answer() != Callers::Answer::kEntered) return TurnedAway(visit.answer(), number);
    TENTER_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, PlanFor(inputs));
    if (way() == Way::kInline) {
      answer(WaitingRequest(host_, number, std::move(plan), inputs, options).Run());
      return number;
    }
    auto request = std::make_unique<AsyncRequest>(host_, &callers_, number, std::move(plan),
                                                  std::move(inputs), options, std::move(answer));
    TENTER_RETURN_IF_ERROR(AsyncRequest::Start(std::move(request)));
    return number;
  } catch (...) {
    return StatusOfCurrent();
  }
}

void CachedOp::Close() {
  callers_.Close();
  Request::TurnAway(arenas_.Close());
}

CachedOpFootprint CachedOp::footprint() const {
  const PlanCache::Kept kept = plans_.kept();
  return {.parameter_bytes = graph_->parameters->size_bytes() + PackedBytes(*graph_->packed) -
                             GivenBackBytes(*graph_->packed),
          .plans = kept.plans,
          .plan_bytes = kept.bytes,
          .scratch_bytes = kept.scratch_bytes,
          .arena_bytes = arenas_.bytes(),
          .in_flight = arenas_.in_flight(),
          .in_flight_max = arenas_.in_flight_max(),
          .waiting = arenas_.waiting() + plans_.waiting(),
          .compilations = plans_.compilations(),
          .requests = requests_.Load(kRelaxed),
          .batched = arenas_.batched()};
}

}  // namespace tenter
