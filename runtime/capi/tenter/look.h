/* look.h: looking at an engine, from any thread, also while it is stuck. A part of tenter.h,
 * which says what holds for all of it. C99. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_LOOK_H_
#define TENTER_RUNTIME_CAPI_TENTER_LOOK_H_

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "engine.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

TENTER_API tenter_code tenter_engine_get_counts(tenter_context* context, tenter_engine engine,
                                                tenter_engine_counts* counts, tenter_error* error);

enum {
  TENTER_SNAPSHOT_TEXT = 0, /* for people; at most 50 ops and 50 vars */
  TENTER_SNAPSHOT_JSON
};
typedef int32_t tenter_snapshot_format;

/* A trace records which op ran where and when, and which op let it go, for one engine: the second
 * that is created with it is refused with TENTER_INVALID_ARGUMENT. The engine keeps it, and its
 * handle outlives the engine's. It grows until both are freed. */
TENTER_API tenter_code tenter_trace_create(tenter_context* context, tenter_trace* trace,
                                           tenter_error* error);
TENTER_API tenter_code tenter_trace_free(tenter_context* context, tenter_trace trace,
                                         tenter_error* error);
/* All of it so far, for chrome://tracing and Perfetto; `text`, `size` and `needed` are as in
 * tenter_engine_snapshot. Complete once the engine was stopped or waited for. */
TENTER_API tenter_code tenter_trace_json(tenter_context* context, tenter_trace trace, char* text,
                                         size_t size, size_t* needed, tenter_error* error);

/* Who runs, who waits for what, which vars are poisoned. `*needed` (may be NULL) is the size that
 * holds all of it with the terminating zero; `text`, which may be NULL when `size` is 0, gets what
 * fits, terminated. Succeeds also when it was cut: `*needed` > `size` tells. An engine that goes on
 * may need more the next time. */
TENTER_API tenter_code tenter_engine_snapshot(tenter_context* context, tenter_engine engine,
                                              tenter_snapshot_format format, char* text,
                                              size_t size, size_t* needed, tenter_error* error);
/* A rougher look, for a signal handler of a process that may be broken. A call that uses a handle
 * may be the last one that does, and end the engine, which a handler must not: so the engine is
 * found before, outside the handler. */
typedef struct tenter_dump tenter_dump;
/* `*dump` keeps the engine alive until tenter_dump_release, which must come before
 * tenter_context_free. */
TENTER_API tenter_code tenter_dump_prepare(tenter_context* context, tenter_engine engine,
                                           tenter_dump** dump, tenter_error* error);
/* Writes who runs and who waits as text to the file descriptor `fd`. Async-signal-safe: it neither
 * waits for a lock nor allocates, and keeps errno; a var whose lock is taken is only named. Text
 * that `fd` refuses is lost. Does nothing when `dump` is NULL. */
TENTER_API void tenter_dump_write(const tenter_dump* dump, int fd);
/* The last call on `dump`: no handler may still use it. Does nothing when it is NULL. May end the
 * engine, as tenter_engine_free. */
TENTER_API void tenter_dump_release(tenter_dump* dump);

/* TENTER_NOT_FOUND when no op has failed yet. */
TENTER_API tenter_code tenter_last_failure(tenter_context* context, tenter_engine engine,
                                           tenter_failure* failure, tenter_error* error);
/* The ops that `failure` has poisoned so far, by push number (ERR-7): the first `capacity` of them
 * go to `chain`, `*count` is how many are known, at most 1000. TENTER_NOT_FOUND unless `failure` is
 * one of the last 256 that the functions above have filled in for this engine. */
TENTER_API tenter_code tenter_failure_chain(tenter_context* context, tenter_engine engine,
                                            const tenter_failure* failure,
                                            tenter_poisoned_op* chain, size_t capacity,
                                            size_t* count, tenter_error* error);
/* All root failures that reached `var`: first the one that tenter_wait_for_var reports, then those
 * it lists as "also" (ERR-3), by push number. Blocks as that does, and succeeds: `*count` tells. */
TENTER_API tenter_code tenter_var_failures(tenter_context* context, tenter_engine engine,
                                           tenter_var var, tenter_failure* failures,
                                           size_t capacity, size_t* count, tenter_error* error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_LOOK_H_ */
