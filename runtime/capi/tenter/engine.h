/* engine.h: engines: vars, ops, and waits. A part of tenter.h, which says what holds for all
 * of it. C99. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_ENGINE_H_
#define TENTER_RUNTIME_CAPI_TENTER_ENGINE_H_

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For `workers`: no threads; each op runs to its end inside its push. For tests and debuggers: an
 * async op whose completion needs a later push of the same thread never ends there. */
#define TENTER_NAIVE_ENGINE (-1)

typedef struct tenter_engine_options {
  size_t struct_size;
  /* Threads that run ops, at most 1024. 0: as many as there are processors that the calling thread
   * may use. Or TENTER_NAIVE_ENGINE. */
  int32_t workers;
  int32_t run_dependents; /* 0: skip dependents of a failed op (ERR-3); 1: run them (ERR-8) */
  /* How long an idle worker, and a thread that waits for a var, spins before it sleeps. 0: the
   * default, 30 us; negative: it never spins. */
  int64_t spin_ns;
  /* 1: worker i stays on the i-th processor that the process may use. 0: they move. */
  int32_t pin_workers;
  /* Records what runs; NULL: nothing does. See tenter_trace_create. */
  tenter_trace trace;
  /* A worker that slept so long ends, and is started again when there is work for it; one stays. 0:
   * the default, 10 s; negative: all stay. */
  int64_t idle_ns;
} tenter_engine_options;

typedef struct tenter_var {
  uint32_t index, generation;
} tenter_var;

typedef struct tenter_op_context {
  size_t struct_size; /* of the runtime, which makes it */
  const char* name;
  uint64_t push_number;
  int32_t worker;     /* -1 on the pushing thread */
  const void* cancel; /* of the runtime: see tenter_cancel_requested */
} tenter_op_context;

/* The obligation to end an async op: pass it to exactly one of the three functions below, once. */
typedef struct tenter_completion tenter_completion;
TENTER_API void tenter_completion_done(tenter_completion* completion);
/* `code` is told as that which `run` of an op returns, but that it fails with TENTER_OK, too: that
 * is told as TENTER_INTERNAL. `message` may be NULL. */
TENTER_API void tenter_completion_fail(tenter_completion* completion, tenter_code code,
                                       const char* message);
TENTER_API void tenter_completion_drop(tenter_completion* completion);

typedef struct tenter_op {
  size_t struct_size;
  const char* name;
  const tenter_var* reads;
  size_t read_count;
  const tenter_var* writes;
  size_t write_count;
  int32_t priority;
  /* The op fails with TENTER_DEADLINE_EXCEEDED when so much time has passed since its push and its
   * body has not started, or has started and not completed (`run_async` only: `run` is never
   * interrupted). 0: no deadline; negative is refused. */
  int64_t timeout_ns;
  /* Exactly one of both. `run` ends the op with the code it returns and the message it leaves; a
   * number that is no code is told as TENTER_INTERNAL, with that number before the message. */
  tenter_code (*run)(void* arg, const tenter_op_context* context, tenter_error* error);
  void (*run_async)(void* arg, const tenter_op_context* context, tenter_completion* completion);
  void* arg;
  /* Called once, when the op has ended or its push failed (whatever for, but for a `struct_size`
   * that is none, when nothing of the op is looked at), and for a captured op when its program
   * is destroyed; from any thread. On a worker it counts as a part of the op: a wait in it is
   * refused with TENTER_WAIT_INSIDE_OP (ENG-7). Elsewhere it must not wait; nowhere may it free the
   * engine. Or NULL. */
  void (*release)(void* arg);
  /* Who hears of the failure of the op, and may cancel it: NULL for the engine. */
  tenter_scope scope;
} tenter_op;

/* What is known about a failed op (ERR-7). */
typedef struct tenter_failure {
  size_t struct_size;
  uint64_t push_number;
  uint64_t chain_length; /* how many ops it poisoned so far; tenter_failure_chain names them */
  char op[128];
  /* body, completion, completion dropped, body after completion, deleter, deadline or cancelled */
  char place[32];
  char thread[32];
  tenter_error error;
} tenter_failure;

/* An op whose outputs a failure poisoned. */
typedef struct tenter_poisoned_op {
  size_t struct_size;
  uint64_t push_number;
  char op[128];
} tenter_poisoned_op;

/* A captured program that was not freed counts as one live var. */
typedef struct tenter_engine_counts {
  size_t struct_size;
  uint64_t pushed, ran, failed, skipped, cancelled, live_ops, live_vars;
} tenter_engine_counts;

/* `options` may be NULL. */
TENTER_API tenter_code tenter_engine_create(tenter_context* context,
                                            const tenter_engine_options* options,
                                            tenter_engine* engine, tenter_error* error);
/* The engine goes when nothing keeps it and no call uses it any more; that drains it, in the call
 * that was the last, also in a tenter_push of another thread. Inside one of its own ops it is kept
 * until the context goes. Inside an op of another engine it is drained as elsewhere: two ops that
 * free each other's engines wait for each other for ever. */
TENTER_API tenter_code tenter_engine_free(tenter_context* context, tenter_engine engine,
                                          tenter_error* error);
TENTER_API tenter_code tenter_var_create(tenter_context* context, tenter_engine engine,
                                         tenter_var* var, tenter_error* error);
/* `deleter` may be NULL; a code that it returns is a failure of its own (ERR-9). */
TENTER_API tenter_code tenter_var_delete(tenter_context* context, tenter_engine engine,
                                         tenter_var var, tenter_code (*deleter)(void* arg),
                                         void* arg, tenter_error* error);
TENTER_API tenter_code tenter_push(tenter_context* context, tenter_engine engine,
                                   const tenter_op* op, uint64_t* push_number, tenter_error* error);
/* Blocks (ENG-6). Fails with the root failure of the var, at every call until it is healed (ERR-5);
 * `failure` (may be NULL) then says more. */
TENTER_API tenter_code tenter_wait_for_var(tenter_context* context, tenter_engine engine,
                                           tenter_var var, tenter_failure* failure,
                                           tenter_error* error);
/* Blocks (ENG-6). `*count` is the number of root failures that were not reported yet (ERR-6); the
 * first `capacity` of them, by push number, go to `failures` and count as reported, the others come
 * again with the next call. Beyond the first 1000 that are not reported the engine keeps the number
 * only: these count as reported with the last of the others, so an array of 1000 takes everything.
 * Succeeds also when there are failures: the count tells. */
TENTER_API tenter_code tenter_wait_for_all(tenter_context* context, tenter_engine engine,
                                           tenter_failure* failures, size_t capacity, size_t* count,
                                           tenter_error* error);
/* `cancel` 0: drain. Blocks until all has ended; inside an op it only starts that (ENG-9). */
TENTER_API tenter_code tenter_engine_stop(tenter_context* context, tenter_engine engine,
                                          int32_t cancel, tenter_error* error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_ENGINE_H_ */
