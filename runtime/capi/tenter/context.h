/* context.h: contexts, and the handles of what lives in them. A part of tenter.h, which says
 * what holds for all of it. C99. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_CONTEXT_H_
#define TENTER_RUNTIME_CAPI_TENTER_CONTEXT_H_

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tenter_context tenter_context;

/* Handles: numbers in the form of pointers that point nowhere; see tenter.h. */
typedef struct tenter_engine_handle* tenter_engine;
typedef struct tenter_bulk_handle* tenter_bulk;
typedef struct tenter_recording_handle* tenter_recording;
typedef struct tenter_program_handle* tenter_program;
typedef struct tenter_trace_handle* tenter_trace;
typedef struct tenter_model_handle* tenter_model;
typedef struct tenter_cached_op_handle* tenter_cached_op;
typedef struct tenter_iterator_handle* tenter_iterator;
typedef struct tenter_scope_handle* tenter_scope;

typedef struct tenter_context_options {
  size_t struct_size;
} tenter_context_options;

/* `options` may be NULL. The first one in a process warms up the kernels, which takes a moment. */
TENTER_API tenter_code tenter_context_create(const tenter_context_options* options,
                                             tenter_context** context, tenter_error* error);
/* Frees everything in the context; waits for what is in flight. Does nothing when it is NULL. */
TENTER_API void tenter_context_free(tenter_context* context);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_CONTEXT_H_ */
