// What the C API shows of an engine: counts, snapshots, failures.
#include <algorithm>
#include <string>
#include <vector>

#include "runtime/capi/context/context.h"

using tenter::FailureArray;
using tenter::kFailure;
using tenter::Protect;
using tenter::ResultArray;
using tenter::Status;
using tenter::StatusCode;

extern "C" {

tenter_code tenter_engine_get_counts(tenter_context* context, tenter_engine engine,
                                     tenter_engine_counts* counts, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, engine);
    TENTER_ASSIGN_OR_RETURN(
        const auto out, ResultArray<tenter_engine_counts>::Of(counts, 1, "tenter_engine_counts"));
    const tenter::EngineCounts now = found->engine->counts();
    out.Set(0, {0, now.pushed, now.ran, now.failed, now.skipped, now.cancelled, now.live_ops,
                now.live_vars});
    return {};
  });
}

tenter_code tenter_engine_snapshot(tenter_context* context, tenter_engine engine,
                                   tenter_snapshot_format format, char* text, size_t size,
                                   size_t* needed, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (format != TENTER_SNAPSHOT_TEXT && format != TENTER_SNAPSHOT_JSON)
      return {StatusCode::kInvalidArgument,
              "snapshot format " + std::to_string(format) + " does not exist"};
    TENTER_FIND_OR_RETURN(found, context, engine);
    const tenter::EngineSnapshot snapshot = found->engine->Snapshot();
    const std::string all = format == TENTER_SNAPSHOT_TEXT ? snapshot.ToText() : snapshot.ToJson();
    return tenter::CopyAll(all, text, size, needed);
  });
}

tenter_code tenter_last_failure(tenter_context* context, tenter_engine engine,
                                tenter_failure* failure, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, engine);
    TENTER_ASSIGN_OR_RETURN(const auto out, FailureArray::Of(failure, 1, kFailure));
    const tenter::FailurePtr last = found->engine->LastFailure();
    if (last == nullptr) return {StatusCode::kNotFound, "no op has failed"};
    out.Set(0, found->failures.Tell(last));
    return {};
  });
}

tenter_code tenter_failure_chain(tenter_context* context, tenter_engine engine,
                                 const tenter_failure* failure, tenter_poisoned_op* chain,
                                 size_t capacity, size_t* count, tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, engine);
    TENTER_ASSIGN_OR_RETURN(
        const auto out, ResultArray<tenter_poisoned_op>::Of(chain, capacity, "tenter_poisoned_op"));
    tenter_failure told = {};
    TENTER_RETURN_IF_ERROR(tenter::ReadOptions(*failure, kFailure, &told));
    const tenter::FailurePtr kept = found->failures.Find(told);
    if (kept == nullptr)
      return {StatusCode::kNotFound, "the failure of push " + std::to_string(told.push_number) +
                                         " is not among the last that were reported here"};
    const std::vector<tenter::PoisonedOp> ops = kept->Chain();
    *count = ops.size();
    for (size_t i = 0; i < std::min(capacity, ops.size()); ++i) {
      tenter_poisoned_op poisoned = {};
      poisoned.push_number = ops[i].push_number;
      tenter::CopyText(ops[i].name, poisoned.op, sizeof(poisoned.op));
      out.Set(i, poisoned);
    }
    return {};
  });
}

tenter_code tenter_var_failures(tenter_context* context, tenter_engine engine, tenter_var var,
                                tenter_failure* failures, size_t capacity, size_t* count,
                                tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto out, FailureArray::Of(failures, capacity, kFailure));
    TENTER_FIND_OR_RETURN(found, context, engine);
    TENTER_ASSIGN_OR_RETURN(const auto poison,
                            found->engine->AwaitVar({var.index, var.generation}));
    if (poison == nullptr) return {};
    *count = poison->all().size();
    for (size_t i = 0; i < std::min(capacity, *count); ++i)
      out.Set(i, found->failures.Tell(poison->all()[i]));
    return {};
  });
}

}  // extern "C"
