// Freeing handles of the C API, a function for each kind.
#include "runtime/capi/context/context.h"

namespace tenter {
namespace {

template <typename Handle>
tenter_code Free(tenter_context* context, Handle handle, tenter_error* error) {
  return Protect(error, [&] { return context->Free(handle); });
}

}  // namespace
}  // namespace tenter

using tenter::Free;

extern "C" {

tenter_code tenter_engine_free(tenter_context* context, tenter_engine engine, tenter_error* error) {
  return Free(context, engine, error);
}
tenter_code tenter_bulk_free(tenter_context* context, tenter_bulk bulk, tenter_error* error) {
  return Free(context, bulk, error);
}
tenter_code tenter_recording_free(tenter_context* context, tenter_recording recording,
                                  tenter_error* error) {
  return Free(context, recording, error);
}
tenter_code tenter_program_free(tenter_context* context, tenter_program program,
                                tenter_error* error) {
  return Free(context, program, error);
}
tenter_code tenter_trace_free(tenter_context* context, tenter_trace trace, tenter_error* error) {
  return Free(context, trace, error);
}
tenter_code tenter_model_free(tenter_context* context, tenter_model model, tenter_error* error) {
  return Free(context, model, error);
}
tenter_code tenter_cached_op_free(tenter_context* context, tenter_cached_op op,
                                  tenter_error* error) {
  return Free(context, op, error);
}
tenter_code tenter_iterator_free(tenter_context* context, tenter_iterator iterator,
                                 tenter_error* error) {
  return Free(context, iterator, error);
}

}  // extern "C"
