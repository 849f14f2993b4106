// Failure scopes and cancellation of the C API.
#include <string>
#include <utility>

#include "runtime/capi/context/context.h"
#include "runtime/capi/engine/scope_use.h"
#include "runtime/engine/cancel.h"

struct tenter_cancel_callback {
  tenter::CancelCallback callback;
};

namespace tenter {

Status ScopeUse::EnterNamed(tenter_context* context, tenter_scope scope, const EngineObject& on,
                            FailureScope** found) {
  context->Find(scope, &pin_);
  if (!*pin_) return context->Stale(scope);
  if ((*pin_)->engine.get() != &on)
    return {StatusCode::kInvalidArgument, "the scope belongs to another engine"};
  *found = (*pin_)->scope.get();
  return {};
}

// Its wait needs a thread that runs no op.
Status MayFree(const ScopeObject& object) {
  if (!IsInsideOp(*object.engine->engine)) return {};
  return {StatusCode::kWaitInsideOp, "a scope is not freed inside an op: that waits"};
}

// Nothing more enters the scope by now, or the wait might never end.
void WhenFreed(const ScopeObject& object) { static_cast<void>(object.scope->Forget()); }

namespace {

Status SetTimeout(ScopeObject& object, int64_t timeout_ns) {
  if (timeout_ns <= 0)
    return {StatusCode::kInvalidArgument,
            "timeout_ns must be positive, found " + std::to_string(timeout_ns)};
  if (object.timed.Exchange(true, kAcqRel))
    return {StatusCode::kInvalidArgument, "the scope has a deadline already"};
  const Status status = object.scope->SetTimeout(timeout_ns);
  if (!status.ok()) object.timed.Store(false, kRelease);
  return status;
}

const CancelToken& TokenOf(const tenter_op_context* context) {
  return *static_cast<const CancelToken*>(context->cancel);
}

}  // namespace
}  // namespace tenter

using tenter::FailureArray;
using tenter::kFailure;
using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_scope_create(tenter_context* context, tenter_engine engine, tenter_scope* scope,
                                tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(on, context, engine);
    TENTER_ASSIGN_OR_RETURN(auto made, on->engine->NewScope());
    return context->Add(std::make_shared<tenter::ScopeObject>(on.shared(), std::move(made)), scope);
  });
}

tenter_code tenter_scope_cancel(tenter_context* context, tenter_scope scope, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, scope);
    found->scope->Cancel();
    return {};
  });
}

tenter_code tenter_scope_set_timeout(tenter_context* context, tenter_scope scope,
                                     int64_t timeout_ns, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, scope);
    return tenter::SetTimeout(*found, timeout_ns);
  });
}

tenter_code tenter_scope_wait(tenter_context* context, tenter_scope scope, tenter_failure* failures,
                              size_t capacity, size_t* count, tenter_error* error) {
  *count = 0;
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto out, FailureArray::Of(failures, capacity, kFailure));
    TENTER_FIND_OR_RETURN(found, context, scope);
    TENTER_ASSIGN_OR_RETURN(const tenter::FailureReport report, found->scope->Await(capacity));
    for (size_t i = 0; i < report.failures.size(); ++i)
      out.Set(i, found->engine->failures.Tell(report.failures[i]));
    *count = report.failures.size() + report.more + report.left;
    return {};
  });
}

tenter_code tenter_cancel_requested(const tenter_op_context* context) {
  return static_cast<tenter_code>(tenter::TokenOf(context).reason());
}

tenter_code tenter_cancel_register(const tenter_op_context* context, void (*wake)(void*), void* arg,
                                   tenter_cancel_callback** callback, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (wake == nullptr) return {tenter::StatusCode::kInvalidArgument, "nothing to call"};
    *callback = new tenter_cancel_callback{{tenter::TokenOf(context), [wake, arg] { wake(arg); }}};
    return {};
  });
}

void tenter_cancel_unregister(tenter_cancel_callback* callback) { delete callback; }

}  // extern "C"
