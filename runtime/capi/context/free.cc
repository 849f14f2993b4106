// Freeing handles of the C API: tenter_engine_free, tenter_bulk_free and so on, one for each kind.
#include "runtime/capi/context/context.h"

extern "C" {

#define TENTER_HANDLE_FREE(kind, object, name)                                    \
  tenter_code tenter_##kind##_free(tenter_context* context, tenter_##kind handle, \
                                   tenter_error* error) {                         \
    return tenter::Protect(error, [&] { return context->Free(handle); });         \
  }
TENTER_HANDLE_KINDS(TENTER_HANDLE_FREE)

}  // extern "C"
