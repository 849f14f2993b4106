// The engine functions of the C API.
#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "runtime/capi/context.h"

struct tenter_completion {
  tenter::Completion handle;
};

namespace tenter {
namespace {

// The callbacks of one op; `release` runs when the body is destroyed, exactly once.
class CallbackOp {
 public:
  explicit CallbackOp(const tenter_op& op)
      : run_(op.run), run_async_(op.run_async), arg_(op.arg), release_(op.release) {}
  ~CallbackOp() {
    if (release_ != nullptr) release_(arg_);
  }
  CallbackOp(CallbackOp&& other) noexcept
      : run_(other.run_),
        run_async_(other.run_async_),
        arg_(other.arg_),
        release_(std::exchange(other.release_, nullptr)) {}
  CallbackOp& operator=(CallbackOp&&) = delete;

  void Run(const OpContext& context) const {
    const std::string name(context.name);
    const tenter_op_context c{name.c_str(), context.push_number, context.worker};
    tenter_error error = {};
    const tenter_code code = run_(arg_, &c, &error);
    if (code != TENTER_OK) throw StatusError(CodeStatus(code, error.message));
  }
  void RunAsync(const OpContext& context, Completion completion) const {
    const std::string name(context.name);
    const tenter_op_context c{name.c_str(), context.push_number, context.worker};
    run_async_(arg_, &c, new tenter_completion{std::move(completion)});
  }

 private:
  tenter_code (*const run_)(void*, const tenter_op_context*, tenter_error*);
  void (*const run_async_)(void*, const tenter_op_context*, tenter_completion*);
  void* const arg_;
  void (*release_)(void*);
};

// The same two numbers on both sides, so that a push copies nothing here.
static_assert(sizeof(tenter_var) == sizeof(Var) && offsetof(tenter_var, index) == 0 &&
              offsetof(Var, index) == 0);
VarList VarsOf(const tenter_var* vars, size_t count) {
  return std::span<const Var>(reinterpret_cast<const Var*>(vars), count);
}

Result<OpBody> BodyOf(const tenter_op& op) {
  // First: from here on `arg` is released, whatever happens.
  CallbackOp callbacks(op);
  if ((op.run == nullptr) == (op.run_async == nullptr))
    return Status(StatusCode::kInvalidArgument, "an op needs exactly one of run and run_async");
  if (op.run != nullptr)
    return OpBody([callbacks = std::move(callbacks)](const OpContext& context) {
      callbacks.Run(context);
    });
  return OpBody(
      [callbacks = std::move(callbacks)](const OpContext& context, Completion completion) {
        callbacks.RunAsync(context, std::move(completion));
      });
}

Result<std::shared_ptr<Engine>> FindEngine(tenter_context* context, tenter_handle handle) {
  TENTER_ASSIGN_OR_RETURN(const auto object, context->Find<EngineObject>(handle, "engine"));
  return object->engine;
}

}  // namespace
}  // namespace tenter

using tenter::FindEngine;
using tenter::Protect;
using tenter::Status;

extern "C" {

void tenter_completion_done(tenter_completion* completion) {
  completion->handle.Done();
  delete completion;
}

void tenter_completion_fail(tenter_completion* completion, tenter_code code, const char* message) {
  Status status = tenter::CodeStatus(code, message == nullptr ? "" : message);
  if (status.ok()) status = {tenter::StatusCode::kInternal, "failed with the code for success"};
  completion->handle.Fail(std::move(status));
  delete completion;
}

void tenter_completion_drop(tenter_completion* completion) { delete completion; }

tenter_code tenter_engine_create(tenter_context* context, const tenter_engine_options* options,
                                 tenter_handle* engine, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (options->workers < 0 || options->workers > 1024)
      return {tenter::StatusCode::kInvalidArgument,
              "workers must be 0 to 1024, found " + std::to_string(options->workers)};
    auto made = tenter::MakeEngine({.workers = options->workers,
                                    .error_policy = options->run_dependents != 0
                                                        ? tenter::ErrorPolicy::kRunDependents
                                                        : tenter::ErrorPolicy::kSkipDependents,
                                    .probe = context->probe()});
    *engine = context->Add(std::make_shared<tenter::EngineObject>(
        tenter::EngineObject{context->Share(std::move(made)), options->workers}));
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
    TENTER_ASSIGN_OR_RETURN(tenter::OpBody body, tenter::BodyOf(*op));
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    TENTER_ASSIGN_OR_RETURN(const uint64_t number,
                            found->Push({.name = op->name == nullptr ? "" : op->name,
                                         .reads = tenter::VarsOf(op->reads, op->read_count),
                                         .writes = tenter::VarsOf(op->writes, op->write_count),
                                         .priority = op->priority,
                                         .body = std::move(body)}));
    if (push_number != nullptr) *push_number = number;
    return {};
  });
}

tenter_code tenter_wait_for_var(tenter_context* context, tenter_handle engine, tenter_var var,
                                tenter_failure* failure, tenter_error* error) {
  tenter::PoisonPtr poison;
  const tenter_code code = Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    TENTER_ASSIGN_OR_RETURN(poison, found->AwaitVar({var.index, var.generation}));
    return {};
  });
  if (code != TENTER_OK || poison == nullptr) return code;
  if (failure != nullptr) tenter::FillFailure(*poison->root(), failure);
  return tenter::FillError(poison->root()->thrown(), error);
}

tenter_code tenter_wait_for_all(tenter_context* context, tenter_handle engine,
                                tenter_failure* failures, size_t capacity, size_t* count,
                                tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    try {
      found->WaitForAll();
    } catch (const tenter::AggregateError& aggregate) {
      *count = aggregate.failures().size();
      for (size_t i = 0; i < std::min(capacity, *count); ++i)
        tenter::FillFailure(*aggregate.failures()[i], &failures[i]);
    }
    return {};
  });
}

tenter_code tenter_last_failure(tenter_context* context, tenter_handle engine,
                                tenter_failure* failure, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    const tenter::FailurePtr last = found->LastFailure();
    if (last == nullptr) return {tenter::StatusCode::kNotFound, "no op has failed"};
    tenter::FillFailure(*last, failure);
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

tenter_code tenter_engine_describe(tenter_context* context, tenter_handle engine, char* text,
                                   size_t size, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (size == 0) return {tenter::StatusCode::kInvalidArgument, "no room for text"};
    TENTER_ASSIGN_OR_RETURN(const auto found, FindEngine(context, engine));
    tenter::CopyText(found->Describe(), text, size);
    return {};
  });
}

}  // extern "C"
