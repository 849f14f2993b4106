// What the C API shows of an engine: counts, snapshots, failures.
#include <algorithm>
#include <string>
#include <vector>

#include "runtime/capi/context.h"

using tenter::EngineObject;
using tenter::FindEngine;
using tenter::Protect;
using tenter::Status;
using tenter::StatusCode;

extern "C" {

tenter_code tenter_engine_get_counts(tenter_context* context, tenter_handle engine,
                                     tenter_engine_counts* counts, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    const tenter::EngineCounts now = found->counts();
    *counts = {now.pushed,    now.ran,      now.failed,   now.skipped,
               now.cancelled, now.live_ops, now.live_vars};
    return {};
  });
}

tenter_code tenter_engine_snapshot(tenter_context* context, tenter_handle engine,
                                   tenter_snapshot_format format, char* text, size_t size,
                                   size_t* needed, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (format != TENTER_SNAPSHOT_TEXT && format != TENTER_SNAPSHOT_JSON)
      return {StatusCode::kInvalidArgument,
              "snapshot format " + std::to_string(format) + " does not exist"};
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    const tenter::EngineSnapshot snapshot = found->Snapshot();
    const std::string all = format == TENTER_SNAPSHOT_TEXT ? snapshot.ToText() : snapshot.ToJson();
    return tenter::CopyAll(all, text, size, needed);
  });
}

tenter_code tenter_last_failure(tenter_context* context, tenter_handle engine,
                                tenter_failure* failure, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, context->Find<EngineObject>(engine, "engine"));
    const tenter::FailurePtr last = found->engine->LastFailure();
    if (last == nullptr) return {StatusCode::kNotFound, "no op has failed"};
    found->failures.Fill(last, failure);
    return {};
  });
}

tenter_code tenter_failure_chain(tenter_context* context, tenter_handle engine,
                                 const tenter_failure* failure, tenter_poisoned_op* chain,
                                 size_t capacity, size_t* count, tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, context->Find<EngineObject>(engine, "engine"));
    const tenter::FailurePtr kept = found->failures.Find(*failure);
    if (kept == nullptr)
      return {StatusCode::kNotFound, "the failure of push " + std::to_string(failure->push_number) +
                                         " is not among the last that were reported here"};
    const std::vector<tenter::PoisonedOp> ops = kept->Chain();
    *count = ops.size();
    for (size_t i = 0; i < std::min(capacity, ops.size()); ++i) {
      chain[i].push_number = ops[i].push_number;
      tenter::CopyText(ops[i].name, chain[i].op, sizeof(chain[i].op));
    }
    return {};
  });
}

tenter_code tenter_var_failures(tenter_context* context, tenter_handle engine, tenter_var var,
                                tenter_failure* failures, size_t capacity, size_t* count,
                                tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, context->Find<EngineObject>(engine, "engine"));
    TENTER_ASSIGN_OR_RETURN(const auto poison,
                            found->engine->AwaitVar({var.index, var.generation}));
    if (poison == nullptr) return {};
    *count = poison->all().size();
    for (size_t i = 0; i < std::min(capacity, *count); ++i)
      found->failures.Fill(poison->all()[i], &failures[i]);
    return {};
  });
}

}  // extern "C"
