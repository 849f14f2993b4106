/* program.h: small ops in groups, and captured programs. A part of tenter.h, which says what
 * holds for all of it. C99. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_PROGRAM_H_
#define TENTER_RUNTIME_CAPI_TENTER_PROGRAM_H_

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "engine.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- bulks: small ops of one thread, handed to the engine in groups ---- */

/* A list for the calling thread, which goes to the engine when it holds `most_ops` (0: the default,
 * 16), at a flush, when it is freed, when this thread pushes something else, and before anybody
 * waits for the engine or stops it. Every op fails, is skipped, poisons and heals as if it had been
 * pushed alone (ERR-1 to ERR-5). Other threads may use the bulk too; only the order of this one
 * covers also what it pushes beside the bulk (ENG-3). The bulk keeps the engine alive;
 * tenter_bulk_free hands over what it holds, also after the engine's handle was freed, and reports
 * no refusals. */
TENTER_API tenter_code tenter_bulk_create(tenter_context* context, tenter_engine engine,
                                          size_t most_ops, tenter_bulk* bulk, tenter_error* error);
TENTER_API tenter_code tenter_bulk_free(tenter_context* context, tenter_bulk bulk,
                                        tenter_error* error);
/* As tenter_push, for later; an async op, or one with a priority or a deadline, goes at once, after
 * what the bulk holds. What an op of a group was refused for (TENTER_STALE_HANDLE, TENTER_STOPPED)
 * is reported by the next flush, once: the first refusal; the other ops of the group are pushed
 * (ENG-8). A push reports what its own `op` was refused for at once. `release` is called exactly
 * once in every case. */
TENTER_API tenter_code tenter_bulk_push(tenter_context* context, tenter_bulk bulk,
                                        const tenter_op* op, tenter_error* error);
/* Hands over what the bulk holds. Does not wait. */
TENTER_API tenter_code tenter_bulk_flush(tenter_context* context, tenter_bulk bulk,
                                         tenter_error* error);

/* ---- captured programs: ops that are recorded once and pushed together many times ---- */

/* An empty list of ops; it belongs to no engine. */
TENTER_API tenter_code tenter_recording_create(tenter_context* context, tenter_recording* recording,
                                               tenter_error* error);
/* Releases the ops that are still in it. */
TENTER_API tenter_code tenter_recording_free(tenter_context* context, tenter_recording recording,
                                             tenter_error* error);
/* Appends `op`, as tenter_push takes it; it has no priority, and one with a scope is refused: a
 * replay has one for all of its ops. Its body will be called once per replay, and `timeout_ns`
 * counts from each tenter_replay, so that it includes the wait for what was pushed before. When it
 * fails, `release` has been called. */
TENTER_API tenter_code tenter_recording_push(tenter_context* context, tenter_recording recording,
                                             const tenter_op* op, tenter_error* error);
/* Makes a program of everything recorded and leaves the recording empty, also when it fails, unless
 * a handle was stale; ops that did not become a program are released. TENTER_INVALID_ARGUMENT when
 * nothing was recorded. The program keeps the engine alive. Once it was freed and its last replay
 * has ended, it is destroyed, which releases every op exactly once: before that replay counts as
 * ended for tenter_wait_for_all, and at the latest before the engine or the context is gone. */
TENTER_API tenter_code tenter_capture(tenter_context* context, tenter_engine engine,
                                      tenter_recording recording, tenter_program* program,
                                      tenter_error* error);
TENTER_API tenter_code tenter_program_free(tenter_context* context, tenter_program program,
                                           tenter_error* error);
/* Pushes all ops of the program as one event (ENG-2); the n-th has the number `*push_number` + n,
 * counted from 0 (`push_number` may be NULL). They are in `scope`, unless that is NULL. Inside,
 * each op fails, is skipped, poisons and heals as if it had been pushed alone. Replays of one
 * program run one after the other. Fails as tenter_push, with nothing pushed; the program stays
 * usable. */
TENTER_API tenter_code tenter_replay(tenter_context* context, tenter_program program,
                                     tenter_scope scope, uint64_t* push_number,
                                     tenter_error* error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_PROGRAM_H_ */
