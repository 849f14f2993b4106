// Recordings and captured programs of the C API.
#include <utility>

#include "runtime/capi/context/context.h"
#include "runtime/capi/engine/callback_op.h"
#include "runtime/capi/engine/scope_use.h"

using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_recording_create(tenter_context* context, tenter_recording* recording,
                                    tenter_error* error) {
  return Protect(error, [&]() -> Status {
    return context->Add(std::make_shared<tenter::RecordingObject>(), recording);
  });
}

tenter_code tenter_recording_push(tenter_context* context, tenter_recording recording,
                                  const tenter_op* op, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    Status status;
    tenter::Op made = tenter::MakeOp(*op, &status);
    TENTER_RETURN_IF_ERROR(std::move(status));
    TENTER_FIND_OR_RETURN(found, context, recording);
    if (tenter::ScopeOf(*op) != nullptr)
      return {tenter::StatusCode::kInvalidArgument, "a recorded op has no scope: its replays have"};
    tenter::MutexLock lock(found->mutex);
    found->ops.Push(std::move(made));
    return {};
  });
}

tenter_code tenter_capture(tenter_context* context, tenter_engine engine,
                           tenter_recording recording, tenter_program* program,
                           tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(on, context, engine);
    TENTER_FIND_OR_RETURN(found, context, recording);
    tenter::Recording ops;
    {
      tenter::MutexLock lock(found->mutex);
      std::swap(ops, found->ops);
    }
    TENTER_ASSIGN_OR_RETURN(auto captured, on->engine->Capture(std::move(ops)));
    return context->Add(std::make_shared<tenter::ProgramObject>(on.shared(), std::move(captured)),
                        program);
  });
}

tenter_code tenter_replay(tenter_context* context, tenter_program program, tenter_scope scope,
                          uint64_t* push_number, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, program);
    tenter::ScopeUse use;
    tenter::FailureScope* in = nullptr;
    TENTER_RETURN_IF_ERROR(use.Enter(context, scope, *found->engine, &in));
    TENTER_ASSIGN_OR_RETURN(const uint64_t first,
                            found->engine->engine->Replay(found->program, in));
    if (push_number != nullptr) *push_number = first;
    return {};
  });
}

}  // extern "C"
