// The engine functions of the C API.
#include <algorithm>
#include <string>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/capi/context/context.h"
#include "runtime/capi/context/sized.h"
#include "runtime/capi/engine/callback_op.h"
#include "runtime/capi/engine/scope_use.h"

namespace tenter {

namespace {

// Zero is the default, so that zero-initialised options are.
int64_t TimeOf(int64_t ns, int64_t by_default) {
  if (ns < 0) return 0;
  return ns == 0 ? by_default : ns;
}

// The trace for a new engine; null when `handle` is 0.
Result<std::shared_ptr<TraceObject>> TakeTrace(tenter_context* context, tenter_trace handle) {
  if (handle == nullptr) return std::shared_ptr<TraceObject>();
  TENTER_FIND_OR_RETURN(trace, context, handle);
  if (trace->taken.Exchange(true, kAcqRel))
    return Status(StatusCode::kInvalidArgument, "the trace belongs to another engine");
  return trace.shared();
}

Result<int> WorkersOf(int32_t workers) {
  constexpr int kMost = 1024;
  if (workers == TENTER_NAIVE_ENGINE) return 0;
  if (workers < 0 || workers > kMost)
    return Status(
        StatusCode::kInvalidArgument,
        "workers must be 0 to 1024 or TENTER_NAIVE_ENGINE, found " + std::to_string(workers));
  return workers > 0 ? workers : std::min(ProcessorCount(), kMost);
}

Result<std::shared_ptr<EngineObject>> CreateEngine(tenter_context* context,
                                                   const tenter_engine_options& c) {
  const EngineOptions defaults;
  TENTER_ASSIGN_OR_RETURN(const int workers, WorkersOf(c.workers));
  TENTER_ASSIGN_OR_RETURN(const auto trace, TakeTrace(context, c.trace));
  auto made = MakeEngine({.workers = workers,
                          .spin_ns = TimeOf(c.spin_ns, defaults.spin_ns),
                          .idle_ns = TimeOf(c.idle_ns, defaults.idle_ns),
                          .error_policy = c.run_dependents != 0 ? ErrorPolicy::kRunDependents
                                                                : ErrorPolicy::kSkipDependents,
                          .pin_workers = c.pin_workers != 0,
                          .probe = context->probe(),
                          .tracer = trace == nullptr ? nullptr : &trace->tracer});
  return std::make_shared<EngineObject>(context->Share({trace, std::move(made)}), workers);
}

Status PushOp(tenter_context* context, tenter_engine engine, Op&& op, tenter_scope scope,
              uint64_t* push_number) {
  TENTER_FIND_OR_RETURN(found, context, engine);
  ScopeUse use;
  if (scope != nullptr) TENTER_RETURN_IF_ERROR(use.Enter(context, scope, *found, &op.scope));
  TENTER_ASSIGN_OR_RETURN(const uint64_t number, found->engine->Push(std::move(op)));
  if (push_number != nullptr) *push_number = number;
  return {};
}

// A push as most are. The op is made before the engine is found: what comes after that waits for
// it, and this need not.
Status PushPlain(tenter_context* context, tenter_engine engine, const tenter_op& op,
                 uint64_t* push_number) {
  Op made = MakeWhole(op);
  const auto found = context->FindBrief(engine);
  if (!found) [[unlikely]]
    return PushOp(context, engine, std::move(made), nullptr, push_number);
  const Result<uint64_t> pushed = found->engine->PushCounted(std::move(made));
  if (!pushed.ok()) [[unlikely]]
    return pushed.status();
  if (push_number != nullptr) *push_number = *pushed;
  return {};
}

}  // namespace
}  // namespace tenter

using tenter::FailureArray;
using tenter::kFailure;
using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_engine_create(tenter_context* context, const tenter_engine_options* options,
                                 tenter_engine* engine, tenter_error* error) {
  return Protect(error, [&] {
    return tenter::WithOptions(
        options, "tenter_engine_options", [&](const tenter_engine_options& whole) -> Status {
          TENTER_ASSIGN_OR_RETURN(auto made, tenter::CreateEngine(context, whole));
          // A push of the naive engine runs the op, which may take long.
          const bool takes_brief = made->workers > 0;
          return context->Add(std::move(made), engine, takes_brief);
        });
  });
}

tenter_code tenter_var_create(tenter_context* context, tenter_engine engine, tenter_var* var,
                              tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, engine);
    TENTER_ASSIGN_OR_RETURN(const tenter::Var made, found->engine->NewVar());
    *var = {made.index, made.generation};
    return {};
  });
}

tenter_code tenter_var_delete(tenter_context* context, tenter_engine engine, tenter_var var,
                              tenter_code (*deleter)(void*), void* arg, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, engine);
    std::function<void()> run;
    if (deleter != nullptr)
      run = [deleter, arg] {
        if (const tenter_code code = deleter(arg); code != TENTER_OK)
          throw tenter::StatusError(tenter::CodeStatus(code, "the deleter failed"));
      };
    return found->engine->DeleteVar({var.index, var.generation}, std::move(run));
  });
}

tenter_code tenter_push(tenter_context* context, tenter_engine engine, const tenter_op* op,
                        uint64_t* push_number, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (tenter::IsPlain(*op) && op->scope == nullptr) [[likely]]
      return tenter::PushPlain(context, engine, *op, push_number);
    Status status;
    tenter::Op made = tenter::MakeOp(*op, &status);
    TENTER_RETURN_IF_ERROR(std::move(status));
    return tenter::PushOp(context, engine, std::move(made), tenter::ScopeOf(*op), push_number);
  });
}

tenter_code tenter_wait_for_var(tenter_context* context, tenter_engine engine, tenter_var var,
                                tenter_failure* failure, tenter_error* error) {
  tenter::PoisonPtr poison;
  const tenter_code code = Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto out,
                            FailureArray::Of(failure, failure != nullptr, kFailure));
    TENTER_FIND_OR_RETURN(found, context, engine);
    TENTER_ASSIGN_OR_RETURN(poison, found->engine->AwaitVar({var.index, var.generation}));
    if (poison != nullptr && failure != nullptr) out.Set(0, found->failures.Tell(poison->root()));
    return {};
  });
  if (code != TENTER_OK || poison == nullptr) return code;
  return tenter::FillError(poison->root()->thrown(), error);
}

tenter_code tenter_wait_for_all(tenter_context* context, tenter_engine engine,
                                tenter_failure* failures, size_t capacity, size_t* count,
                                tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto out, FailureArray::Of(failures, capacity, kFailure));
    TENTER_FIND_OR_RETURN(found, context, engine);
    TENTER_ASSIGN_OR_RETURN(const tenter::FailureReport report, found->engine->AwaitAll(capacity));
    for (size_t i = 0; i < report.failures.size(); ++i)
      out.Set(i, found->failures.Tell(report.failures[i]));
    *count = report.failures.size() + report.more + report.left;
    return {};
  });
}

tenter_code tenter_engine_stop(tenter_context* context, tenter_engine engine, int32_t cancel,
                               tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, engine);
    return found->engine->Stop(cancel != 0 ? tenter::StopMode::kCancel : tenter::StopMode::kDrain);
  });
}

}  // extern "C"
