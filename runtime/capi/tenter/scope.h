/* scope.h: failure scopes, and how a body learns that nobody wants its result any more. A
 * part of tenter.h, which says what holds for all of it. C99. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_SCOPE_H_
#define TENTER_RUNTIME_CAPI_TENTER_SCOPE_H_

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "engine.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- scopes: groups of ops with a log, a cancel and a deadline of their own (ERR-11) ---- */

/* What fails in a scope is reported by tenter_scope_wait, and never by tenter_wait_for_all.
 * Dependencies and poison do not know scopes: an op that reads what a cancelled op did not write is
 * skipped, wherever it was pushed. The scope keeps the engine alive. */
TENTER_API tenter_code tenter_scope_create(tenter_context* context, tenter_engine engine,
                                           tenter_scope* scope, tenter_error* error);
/* What has not started ends as cancelled; the bodies that run are told (see below). So are ops that
 * are pushed into the scope later. Touches no op outside of it. An op that was cancelled before it
 * started is no failure of the scope, as one that was skipped is not: whoever cancels knows. It
 * leaves its error in what it would have written, which tenter_wait_for_var returns. */
TENTER_API tenter_code tenter_scope_cancel(tenter_context* context, tenter_scope scope,
                                           tenter_error* error);
/* As a cancel, when so much time has passed; what it cancels fails with TENTER_DEADLINE_EXCEEDED.
 * Once for a scope: a second one is refused, and so is what is not positive. */
TENTER_API tenter_code tenter_scope_set_timeout(tenter_context* context, tenter_scope scope,
                                                int64_t timeout_ns, tenter_error* error);
/* Blocks until every op of the scope has ended, also those that are pushed meanwhile. Tells the
 * failures of the scope as tenter_wait_for_all tells those of the engine, each once: not what was
 * cancelled or skipped. So after a timeout ask for the vars that you want to use. Refused inside an
 * op (ENG-7). */
TENTER_API tenter_code tenter_scope_wait(tenter_context* context, tenter_scope scope,
                                         tenter_failure* failures, size_t capacity, size_t* count,
                                         tenter_error* error);
/* Blocks until the ops of the scope have ended; failures that nobody waited for are forgotten.
 * Inside an op it is refused as a wait, and the handle stays (ENG-7). */
TENTER_API tenter_code tenter_scope_free(tenter_context* context, tenter_scope scope,
                                         tenter_error* error);

/* ---- cancellation: for the body of an op (ERR-12) ---- */

/* Whether the engine stops with cancel, the scope of the op was cancelled, or the deadline of op or
 * scope has passed: TENTER_STOPPED or TENTER_DEADLINE_EXCEEDED then, otherwise TENTER_OK. Cheap: a
 * body may ask now and then. `context` is what the body was called with, during that call. */
TENTER_API tenter_code tenter_cancel_requested(const tenter_op_context* context);

/* Wakes a body that blocks: calls `wake` as soon as there is a cancellation, at once when there was
 * one already; at most once, from any thread. `wake` must neither wait for the engine nor throw. */
typedef struct tenter_cancel_callback tenter_cancel_callback;
TENTER_API tenter_code tenter_cancel_register(const tenter_op_context* context,
                                              void (*wake)(void* arg), void* arg,
                                              tenter_cancel_callback** callback,
                                              tenter_error* error);
/* Before the op ends. When it returns `wake` is not running any more, but for a call from inside
 * `wake`. Does nothing when it is NULL. */
TENTER_API void tenter_cancel_unregister(tenter_cancel_callback* callback);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_SCOPE_H_ */
