// The calls of a World that neither make nor free nor push.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "fuzz/api/run/bodies.h"
#include "fuzz/api/run/late.h"
#include "fuzz/api/run/world.h"

namespace tenter::fuzz::api {
namespace {

void WriteDump(tenter_dump* dump) {
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  tenter_dump_write(dump, nowhere);
  close(nowhere);
}

}  // namespace

tenter_code World::Use(const Line& line, Answer* answer, tenter_error* error) {
  tenter_context* const context = ContextOf(line);
  const uintptr_t handle = answer->given[0];
  const auto engine = As<tenter_engine>(handle);
  size_t count = 0;
  char text[256];
  switch (line.verb) {
    case Verb::kBulkFlush:
      return tenter_bulk_flush(context, As<tenter_bulk>(handle), error);
    case Verb::kReplay:
    case Verb::kReplayScoped:
      return tenter_replay(context, As<tenter_program>(handle), As<tenter_scope>(answer->given[1]),
                           &answer->number, error);
    case Verb::kDeleteVar:
      return DeleteVar(line, answer, error);
    case Verb::kWait:
    case Verb::kScopeWait:
      return Wait(line, answer, error);
    case Verb::kStop:
    case Verb::kStopCancel:
      return tenter_engine_stop(context, engine, line.verb == Verb::kStopCancel, error);
    case Verb::kCounts: {
      tenter_engine_counts counts = {};
      return tenter_engine_get_counts(context, engine, &counts, error);
    }
    case Verb::kSnapshot:
      return tenter_engine_snapshot(context, engine, TENTER_SNAPSHOT_JSON, text, sizeof(text),
                                    &count, error);
    case Verb::kDump: {
      tenter_dump* dump = nullptr;
      const tenter_code code = tenter_dump_prepare(context, engine, &dump, error);
      if (code == TENTER_OK) WriteDump(dump);
      tenter_dump_release(dump);
      return code;
    }
    case Verb::kTraceJson:
      return tenter_trace_json(context, As<tenter_trace>(handle), text, sizeof(text), &count,
                               error);
    case Verb::kScopeCancel:
      return tenter_scope_cancel(context, As<tenter_scope>(handle), error);
    case Verb::kScopeTimeout:
      return tenter_scope_set_timeout(context, As<tenter_scope>(handle), Nanoseconds(line.after),
                                      error);
    case Verb::kInvoke:
      return Invoke(line, answer, error);
    case Verb::kFootprint: {
      tenter_footprint footprint = {};
      return tenter_cached_op_get_footprint(context, As<tenter_cached_op>(handle), &footprint,
                                            error);
    }
    case Verb::kArity: {
      size_t outputs = 0;
      const tenter_code code =
          tenter_model_arity(context, As<tenter_model>(handle), &count, &outputs, error);
      if (code == TENTER_OK && (count != 1 || outputs != kOutputs))
        answer->wrong = "the wrong arity";
      return code;
    }
    case Verb::kFailLate:
      return FailLate(context, line.ops, &answer->wrong, error);
    default:
      return UseIterator(line, answer, error);
  }
}

// One that is refused leaves its var to the engine.
tenter_code World::DeleteVar(const Line& line, Answer* answer, tenter_error* error) {
  tenter_context* const context = ContextOf(line);
  const auto engine = As<tenter_engine>(answer->given[0]);
  tenter_var var = {};
  tenter_code code = tenter_var_create(context, engine, &var, error);
  if (code != TENTER_OK) return code;
  Op* const deleter = NewOp(answer, nullptr);
  code = tenter_var_delete(context, engine, var, RunDeleter, deleter, error);
  deleter->accepted = code == TENTER_OK;
  return code;
}

// Behind the room there is one place more, which must stay as it is.
tenter_code World::Wait(const Line& line, Answer* answer, tenter_error* error) {
  tenter_failure failures[kMostRoom + 1] = {};
  tenter_failure untouched = {};
  untouched.struct_size = sizeof(untouched);
  for (tenter_failure& failure : failures) failure = untouched;
  const auto room = static_cast<size_t>(line.room);
  tenter_failure* const out = room == 0 ? nullptr : failures;
  const uintptr_t handle = answer->given[0];
  const tenter_code code = line.verb == Verb::kWait
                               ? tenter_wait_for_all(ContextOf(line), As<tenter_engine>(handle),
                                                     out, room, &answer->count, error)
                               : tenter_scope_wait(ContextOf(line), As<tenter_scope>(handle), out,
                                                   room, &answer->count, error);
  const size_t filled = code == TENTER_OK ? std::min(room, answer->count) : 0;
  for (size_t i = 0; i < filled; ++i)
    answer->failed.push_back({.number = failures[i].push_number,
                              .op = failures[i].op,
                              .place = failures[i].place,
                              .code = failures[i].error.code,
                              .message = failures[i].error.message});
  for (size_t i = filled; i <= kMostRoom; ++i)
    if (std::memcmp(&failures[i], &untouched, sizeof(untouched)) != 0)
      answer->wrong = "a failure beyond those that it told";
  return code;
}

tenter_code World::UseIterator(const Line& line, Answer* answer, tenter_error* error) {
  tenter_context* const context = ContextOf(line);
  const auto iterator = As<tenter_iterator>(answer->given[0]);
  switch (line.verb) {
    case Verb::kNext: {
      tenter_batch batch = {};
      const tenter_code code = tenter_iterator_next(context, iterator, &batch, error);
      if (code == TENTER_OK) tenter_tensor_release(&batch.data);
      return code;
    }
    case Verb::kReset:
      return tenter_iterator_reset(context, iterator, error);
    case Verb::kClose:
      return tenter_iterator_close(context, iterator, error);
    default: {
      uint64_t skipped = 0;
      return tenter_iterator_skipped(context, iterator, nullptr, 0, &skipped, error);
    }
  }
}

}  // namespace tenter::fuzz::api
