#include "runtime/cached_op/cached_op.h"

#include <algorithm>
#include <utility>

#include "runtime/cached_op/no_memory.h"
#include "runtime/cached_op/request.h"
#include "runtime/cached_op/sites.h"
#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

// One call of Invoke: inside from construction to destruction, unless it was turned away.
class Visit {
 public:
  Visit(Callers* callers, bool alone)
      : callers_(callers), answer_(callers->Enter(&caller_, alone)) {}
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
              ": this cached op was created without thread_safe and is in use"};
}

}  // namespace

CachedOp::CachedOp(Engine* engine, std::shared_ptr<const Graph> graph,
                   const CachedOpOptions& options)
    : engine_(engine),
      graph_(std::move(graph)),
      options_(options),
      plans_(options.plans_max,
             [this](std::span<const TensorSpec> signature) -> Result<std::shared_ptr<const Plan>> {
               const ProbeOutcome fault =
                   TENTER_HIT(options_.probe, cached_op_sites::kPlanCompile, .op = graph_->name);
               if (!fault.error.ok()) return fault.error;
               const ForkHold::Scope no_fork(compiling_);
               return Plan::Compile(*graph_, signature,
                                    {.kernels = options_.kernels,
                                     .way = way(),
                                     .workers = std::max(options_.workers, 1)});
             }),
      arenas_(engine, options.thread_safe ? options.in_flight_max : 1, options.when_full,
              options.probe) {
  TENTER_CHECK(engine != nullptr || way() == Way::kInline, "only inline requests need no engine");
}

CachedOp::~CachedOp() {
  Close();
  callers_.AwaitNobody();
}

Result<std::shared_ptr<const Plan>> CachedOp::PlanFor(std::span<const Tensor> inputs) {
  std::vector<TensorSpec> signature;
  signature.reserve(inputs.size());
  for (const Tensor& input : inputs) signature.push_back(input.spec());
  // The compilation would refuse a wrong signature too, but only after taking a place in the cache.
  TENTER_RETURN_IF_ERROR(CheckSignature(*graph_, signature));
  return plans_.Get(signature);
}

Result<std::vector<Tensor>> CachedOp::Invoke(std::span<const Tensor> inputs) {
  const uint64_t number = requests_.FetchAdd(1, kRelaxed) + 1;
  const Visit visit(&callers_, !options_.thread_safe);
  try {
    if (visit.answer() != Callers::Answer::kEntered) return TurnedAway(visit.answer(), number);
    return InvokeInside(number, inputs);
  } catch (...) {
    return StatusOfCurrent();
  }
}

Result<std::vector<Tensor>> CachedOp::InvokeInside(uint64_t number,
                                                   std::span<const Tensor> inputs) {
  TENTER_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, PlanFor(inputs));
  TENTER_ASSIGN_OR_RETURN(const ArenaLease arena, arenas_.Acquire(std::move(plan)));
  Request request(number, inputs, &*arena, options_.probe);
  TENTER_RETURN_IF_ERROR(way() == Way::kInline ? request.RunInline()
                                               : request.RunOnEngine(engine_));
  return arena->TakeOutputs();
}

void CachedOp::Close() {
  callers_.Close();
  arenas_.Close();
}

CachedOpFootprint CachedOp::footprint() const {
  const PlanCache::Kept kept = plans_.kept();
  return {.parameter_bytes = graph_->parameters->size_bytes() + PackedBytes(*graph_->packed),
          .plans = kept.plans,
          .scratch_bytes = kept.scratch_bytes,
          .arena_bytes = arenas_.bytes(),
          .in_flight = arenas_.in_flight(),
          .in_flight_max = arenas_.in_flight_max(),
          .waiting = arenas_.waiting() + plans_.waiting(),
          .compilations = plans_.compilations(),
          .requests = requests_.Load(kRelaxed)};
}

}  // namespace tenter
