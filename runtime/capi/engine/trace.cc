// Traces of the C API.
#include <memory>

#include "runtime/capi/context/context.h"

using tenter::Protect;
using tenter::Status;
using tenter::TraceObject;

extern "C" {

tenter_code tenter_trace_create(tenter_context* context, tenter_trace* trace, tenter_error* error) {
  return Protect(error,
                 [&]() -> Status { return context->Add(std::make_shared<TraceObject>(), trace); });
}

tenter_code tenter_trace_json(tenter_context* context, tenter_trace trace, char* text, size_t size,
                              size_t* needed, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, trace);
    return tenter::CopyAll(found->tracer.ToJson(), text, size, needed);
  });
}

}  // extern "C"
