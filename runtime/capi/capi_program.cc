// Recordings and captured programs of the C API.
#include <utility>

#include "runtime/capi/callback_op.h"
#include "runtime/capi/context.h"

using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_recording_create(tenter_context* context, tenter_handle* recording,
                                    tenter_error* error) {
  return Protect(error, [&]() -> Status {
    *recording = context->Add(std::make_shared<tenter::RecordingObject>());
    return {};
  });
}

tenter_code tenter_recording_push(tenter_context* context, tenter_handle recording,
                                  const tenter_op* op, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(tenter::Op made, tenter::OpOf(*op));
    TENTER_ASSIGN_OR_RETURN(const auto found,
                            context->Find<tenter::RecordingObject>(recording, "recording"));
    tenter::MutexLock lock(found->mutex);
    found->ops.Push(std::move(made));
    return {};
  });
}

tenter_code tenter_capture(tenter_context* context, tenter_handle engine, tenter_handle recording,
                           tenter_handle* program, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto on, context->Find<tenter::EngineObject>(engine, "engine"));
    TENTER_ASSIGN_OR_RETURN(const auto found,
                            context->Find<tenter::RecordingObject>(recording, "recording"));
    tenter::Recording ops;
    {
      tenter::MutexLock lock(found->mutex);
      std::swap(ops, found->ops);
    }
    TENTER_ASSIGN_OR_RETURN(auto captured, on->engine->Capture(std::move(ops)));
    *program = context->Add(std::make_shared<tenter::ProgramObject>(on, std::move(captured)));
    return {};
  });
}

tenter_code tenter_replay(tenter_context* context, tenter_handle program, uint64_t* push_number,
                          tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found,
                            context->Find<tenter::ProgramObject>(program, "program"));
    TENTER_ASSIGN_OR_RETURN(const uint64_t first, found->engine->engine->Replay(found->program));
    if (push_number != nullptr) *push_number = first;
    return {};
  });
}

}  // extern "C"
