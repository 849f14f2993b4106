// The engine functions of the C API.
#include <algorithm>
#include <string>
#include <utility>

#include "runtime/capi/callback_op.h"
#include "runtime/capi/context.h"

namespace tenter {

Result<std::shared_ptr<Engine>> FindEngine(tenter_context* context, tenter_handle handle) {
  TENTER_ASSIGN_OR_RETURN(const auto object, context->Find<EngineObject>(handle, "engine"));
  return object->engine;
}

namespace {

// Zero is the default, so that zero-initialised options are.
int64_t TimeOf(int64_t ns, int64_t by_default) {
  if (ns < 0) return 0;
  return ns == 0 ? by_default : ns;
}

// The trace for a new engine; null when `handle` is 0.
Result<std::shared_ptr<TraceObject>> TakeTrace(tenter_context* context, tenter_handle handle) {
  if (handle == 0) return std::shared_ptr<TraceObject>();
  TENTER_ASSIGN_OR_RETURN(auto trace, context->Find<TraceObject>(handle, "trace"));
  if (trace->taken.Exchange(true, kAcqRel))
    return Status(StatusCode::kInvalidArgument,
                  "trace " + std::to_string(handle) + " belongs to another engine");
  return trace;
}

}  // namespace
}  // namespace tenter

using tenter::FindEngine;
using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_engine_create(tenter_context* context, const tenter_engine_options* options,
                                 tenter_handle* engine, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (options->workers < 0 || options->workers > 1024)
      return {tenter::StatusCode::kInvalidArgument,
              "workers must be 0 to 1024, found " + std::to_string(options->workers)};
    TENTER_ASSIGN_OR_RETURN(const auto trace, tenter::TakeTrace(context, options->trace));
    const tenter::EngineOptions defaults;
    auto made = tenter::MakeEngine({.workers = options->workers,
                                    .spin_ns = tenter::TimeOf(options->spin_ns, defaults.spin_ns),
                                    .idle_ns = tenter::TimeOf(options->idle_ns, defaults.idle_ns),
                                    .error_policy = options->run_dependents != 0
                                                        ? tenter::ErrorPolicy::kRunDependents
                                                        : tenter::ErrorPolicy::kSkipDependents,
                                    .pin_workers = options->pin_workers != 0,
                                    .probe = context->probe(),
                                    .tracer = trace == nullptr ? nullptr : &trace->tracer});
    *engine = context->Add(std::make_shared<tenter::EngineObject>(
        context->Share(std::move(made), trace), options->workers));
    return {};
  });
}

tenter_code tenter_var_create(tenter_context* context, tenter_handle engine, tenter_var* var,
                              tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    TENTER_ASSIGN_OR_RETURN(const tenter::Var made, found->NewVar());
    *var = {made.index, made.generation};
    return {};
  });
}

tenter_code tenter_var_delete(tenter_context* context, tenter_handle engine, tenter_var var,
                              tenter_code (*deleter)(void*), void* arg, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    std::function<void()> run;
    if (deleter != nullptr)
      run = [deleter, arg] {
        if (const tenter_code code = deleter(arg); code != TENTER_OK)
          throw tenter::StatusError(tenter::CodeStatus(code, "the deleter failed"));
      };
    return found->DeleteVar({var.index, var.generation}, std::move(run));
  });
}

tenter_code tenter_push(tenter_context* context, tenter_handle engine, const tenter_op* op,
                        uint64_t* push_number, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(tenter::Op made, tenter::OpOf(*op));
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    TENTER_ASSIGN_OR_RETURN(const uint64_t number, found->Push(std::move(made)));
    if (push_number != nullptr) *push_number = number;
    return {};
  });
}

tenter_code tenter_wait_for_var(tenter_context* context, tenter_handle engine, tenter_var var,
                                tenter_failure* failure, tenter_error* error) {
  tenter::PoisonPtr poison;
  const tenter_code code = Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found,
                            context->Find<tenter::EngineObject>(engine, "engine"));
    TENTER_ASSIGN_OR_RETURN(poison, found->engine->AwaitVar({var.index, var.generation}));
    if (poison != nullptr && failure != nullptr) found->failures.Fill(poison->root(), failure);
    return {};
  });
  if (code != TENTER_OK || poison == nullptr) return code;
  return tenter::FillError(poison->root()->thrown(), error);
}

tenter_code tenter_wait_for_all(tenter_context* context, tenter_handle engine,
                                tenter_failure* failures, size_t capacity, size_t* count,
                                tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found,
                            context->Find<tenter::EngineObject>(engine, "engine"));
    TENTER_ASSIGN_OR_RETURN(const tenter::FailureReport report, found->engine->AwaitAll(capacity));
    for (size_t i = 0; i < report.failures.size(); ++i)
      found->failures.Fill(report.failures[i], &failures[i]);
    *count = report.failures.size() + report.more + report.left;
    return {};
  });
}

tenter_code tenter_engine_stop(tenter_context* context, tenter_handle engine, int32_t cancel,
                               tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    return found->Stop(cancel != 0 ? tenter::StopMode::kCancel : tenter::StopMode::kDrain);
  });
}

}  // extern "C"
