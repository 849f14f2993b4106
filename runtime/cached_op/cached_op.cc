#include "runtime/cached_op/cached_op.h"

#include <algorithm>
#include <utility>

#include "runtime/cached_op/request.h"
#include "runtime/cached_op/sites.h"
#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

// Marks an op that is not thread-safe as in use, for the length of a call.
class BusyGuard {
 public:
  explicit BusyGuard(Atomic<bool>* busy) : busy_(busy), entered_(!busy->Exchange(true, kAcquire)) {}
  ~BusyGuard() {
    if (entered_) busy_->Store(false, kRelease);
  }
  BusyGuard(const BusyGuard&) = delete;
  BusyGuard& operator=(const BusyGuard&) = delete;
  bool entered() const { return entered_; }

 private:
  Atomic<bool>* const busy_;
  const bool entered_;
};

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
               return Plan::Compile(*graph_, signature, options_.kernels,
                                    std::max(options_.workers, 1));
             }),
      arenas_(engine, options.thread_safe ? options.in_flight_max : 1, options.when_full,
              options.probe) {}

CachedOp::~CachedOp() { Close(); }

Result<std::shared_ptr<const Plan>> CachedOp::PlanFor(std::span<const Tensor> inputs) {
  std::vector<TensorSpec> signature;
  for (const Tensor& input : inputs) signature.push_back(input.spec());
  // Checked here and not only by the compilation: a wrong request must not occupy the cache.
  TENTER_RETURN_IF_ERROR(CheckSignature(*graph_, signature));
  return plans_.Get(signature);
}

Result<std::vector<Tensor>> CachedOp::Invoke(std::span<const Tensor> inputs) {
  const uint64_t number = requests_.FetchAdd(1, kRelaxed) + 1;
  if (!options_.thread_safe) {
    const BusyGuard guard(&busy_);
    if (!guard.entered())
      return Status(StatusCode::kConcurrentUse,
                    "request " + std::to_string(number) +
                        ": this cached op was created without thread_safe and is in use");
    TENTER_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, PlanFor(inputs));
    TENTER_ASSIGN_OR_RETURN(const ArenaLease arena, arenas_.Acquire(std::move(plan)));
    Request request(number, inputs, &*arena, options_.probe);
    TENTER_RETURN_IF_ERROR(request.RunInline());
    return arena->TakeOutputs();
  }
  TENTER_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, PlanFor(inputs));
  TENTER_ASSIGN_OR_RETURN(const ArenaLease arena, arenas_.Acquire(std::move(plan)));
  Request request(number, inputs, &*arena, options_.probe);
  TENTER_RETURN_IF_ERROR(request.RunOnEngine(engine_));
  return arena->TakeOutputs();
}

void CachedOp::Close() { arenas_.Close(); }

CachedOpFootprint CachedOp::footprint() const {
  return {.parameter_bytes = graph_->parameters == nullptr ? 0 : graph_->parameters->size_bytes(),
          .in_flight = arenas_.in_flight(),
          .in_flight_max = arenas_.in_flight_max(),
          .compilations = plans_.compilations(),
          .requests = requests_.Load(kRelaxed)};
}

}  // namespace tenter
