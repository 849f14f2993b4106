/* tenter.h: the C API of the Tenter runtime: engine, cached op, iterator. C99; no exception crosses
 * it.
 *
 * Everything lives in a context, which owns a table of handles. A handle is a number that is never
 * reused within its context, so that using one that was freed is a typed error and never another
 * object.
 *
 * Errors are values: every function returns a tenter_code, 0 for success. A function that takes a
 *   `tenter_error* error` fills it on failure; it may be NULL.
 *
 * Thread safety: every function may be called from any thread, at the same time, on the same
 *   handles. Freeing a handle while others use it is safe: what is in flight finishes, later calls
 *   get TENTER_STALE_HANDLE. tenter_context_free is the exception: it must be the last call on its
 *   context.
 * Ownership: arguments are borrowed for the call unless said otherwise. Tensors that a function
 *   returns belong to the caller and are released with tenter_tensor_release, from any thread, also
 *   after their context. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_H_
#define TENTER_RUNTIME_CAPI_TENTER_H_

#include <stddef.h>
#include <stdint.h>

#include "runtime/capi/tenter_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tenter_context tenter_context;
/* Of an engine, bulk, recording, program, trace, model, cached op or iterator; 0 is never one. */
typedef uint64_t tenter_handle;

/* ---- fault sites: how a test harness observes the runtime and makes it fail ---- */

enum {
  TENTER_FAULT_NONE = 0,
  TENTER_FAULT_THROW,          /* throw `type` with `message` */
  TENTER_FAULT_ERROR,          /* fail with `code` and `message` */
  TENTER_FAULT_BAD_ALLOC,      /* throw std::bad_alloc */
  TENTER_FAULT_DROP_COMPLETION /* destroy the completion handle uncalled */
};
typedef int32_t tenter_fault_kind;

typedef struct tenter_fault {
  tenter_fault_kind kind;
  tenter_code code;
  char type[64]; /* runtime_error, logic_error, out_of_range, int (no std::exception) */
  char message[256];
} tenter_fault;

typedef struct tenter_hit {
  const char* site;
  const char* op; /* not NULL */
  int64_t var, request;
  int32_t worker;
} tenter_hit;

/* Called at every site, from any thread. One that blocks delays a fork, and every push of a naive
 * engine; nothing else waits for it. */
typedef void (*tenter_probe_fn)(void* self, const tenter_hit* hit, tenter_fault* fault);

typedef struct tenter_context_options {
  tenter_probe_fn probe; /* NULL for none; without sites compiled in it is never called */
  void* probe_self;
} tenter_context_options;

/* `options` may be NULL. Warms up the kernels on this thread: call it before starting others. */
TENTER_API tenter_code tenter_context_create(const tenter_context_options* options,
                                             tenter_context** context, tenter_error* error);
/* Frees everything in the context; waits for what is in flight. */
TENTER_API void tenter_context_free(tenter_context* context);

/* Frees an engine, bulk, recording, program, trace, model, cached op or iterator. */
TENTER_API tenter_code tenter_free(tenter_context* context, tenter_handle handle,
                                   tenter_error* error);

/* ---- engine ---- */

/* For C++ callers that name only the first fields of options. */
#ifdef __cplusplus
#define TENTER_DEFAULT_ZERO = 0
#else
#define TENTER_DEFAULT_ZERO
#endif

/* All zero is the naive engine with the default of everything else. */
typedef struct tenter_engine_options {
  int32_t workers;        /* 0: the naive engine; at most 1024 */
  int32_t run_dependents; /* 0: skip dependents of a failed op (ERR-3); 1: run them (ERR-8) */
  /* How long an idle worker, and a thread that waits for a var, spins before it sleeps. 0: the
   * default, 30 us; negative: it never spins. */
  int64_t spin_ns;
  /* 1: worker i stays on the i-th processor that the process may use. 0: they move. */
  int32_t pin_workers TENTER_DEFAULT_ZERO;
  /* Records what runs; 0: nothing does. See tenter_trace_create. */
  tenter_handle trace TENTER_DEFAULT_ZERO;
  /* A worker that slept so long ends, and is started again when there is work for it; one stays. 0:
   * the default, 10 s; negative: all stay. */
  int64_t idle_ns TENTER_DEFAULT_ZERO;
} tenter_engine_options;

typedef struct tenter_var {
  uint32_t index, generation;
} tenter_var;

typedef struct tenter_op_context {
  const char* name;
  uint64_t push_number;
  int32_t worker; /* -1 on the pushing thread */
} tenter_op_context;

/* The obligation to end an async op: pass it to exactly one of the three functions below, once. */
typedef struct tenter_completion tenter_completion;
TENTER_API void tenter_completion_done(tenter_completion* completion);
TENTER_API void tenter_completion_fail(tenter_completion* completion, tenter_code code,
                                       const char* message);
TENTER_API void tenter_completion_drop(tenter_completion* completion);

typedef struct tenter_op {
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
  /* Exactly one of both. `run` ends the op with the code it returns and the message it leaves. */
  tenter_code (*run)(void* arg, const tenter_op_context* context, tenter_error* error);
  void (*run_async)(void* arg, const tenter_op_context* context, tenter_completion* completion);
  void* arg;
  /* Called once, when the op has ended or its push failed, and for a captured op when its program
   * is destroyed; from any thread. On a worker it counts as a part of the op: a wait in it is
   * refused with TENTER_WAIT_INSIDE_OP (ENG-7). Elsewhere it must not wait; nowhere may it free the
   * engine. Or NULL. */
  void (*release)(void* arg);
} tenter_op;

/* What is known about a failed op (ERR-7). */
typedef struct tenter_failure {
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
  uint64_t push_number;
  char op[128];
} tenter_poisoned_op;

/* A captured program that was not freed counts as one live var. */
typedef struct tenter_engine_counts {
  uint64_t pushed, ran, failed, skipped, cancelled, live_ops, live_vars;
} tenter_engine_counts;

TENTER_API tenter_code tenter_engine_create(tenter_context* context,
                                            const tenter_engine_options* options,
                                            tenter_handle* engine, tenter_error* error);
TENTER_API tenter_code tenter_var_create(tenter_context* context, tenter_handle engine,
                                         tenter_var* var, tenter_error* error);
/* `deleter` may be NULL; a code that it returns is a failure of its own (ERR-9). */
TENTER_API tenter_code tenter_var_delete(tenter_context* context, tenter_handle engine,
                                         tenter_var var, tenter_code (*deleter)(void* arg),
                                         void* arg, tenter_error* error);
TENTER_API tenter_code tenter_push(tenter_context* context, tenter_handle engine,
                                   const tenter_op* op, uint64_t* push_number, tenter_error* error);
/* Blocks (ENG-6). Fails with the root failure of the var, at every call until it is healed (ERR-5);
 * `failure` (may be NULL) then says more. */
TENTER_API tenter_code tenter_wait_for_var(tenter_context* context, tenter_handle engine,
                                           tenter_var var, tenter_failure* failure,
                                           tenter_error* error);
/* Blocks (ENG-6). `*count` is the number of root failures that were not reported yet (ERR-6); the
 * first `capacity` of them, by push number, go to `failures` and count as reported, the others come
 * again with the next call. Beyond the first 1000 that are not reported the engine keeps the number
 * only: these count as reported with the last of the others, so an array of 1000 takes everything.
 * Succeeds also when there are failures: the count tells. */
TENTER_API tenter_code tenter_wait_for_all(tenter_context* context, tenter_handle engine,
                                           tenter_failure* failures, size_t capacity, size_t* count,
                                           tenter_error* error);
/* `cancel` 0: drain. Blocks until all has ended; inside an op it only starts that (ENG-9). */
TENTER_API tenter_code tenter_engine_stop(tenter_context* context, tenter_handle engine,
                                          int32_t cancel, tenter_error* error);

/* ---- bulks: small ops of one thread, handed to the engine in groups ---- */

/* A list for the calling thread, which goes to the engine when it holds `most_ops` (0: the default,
 * 16), at a flush, when it is freed, when this thread pushes something else, and before anybody
 * waits for the engine or stops it. Every op fails, is skipped, poisons and heals as if it had been
 * pushed alone (ERR-1 to ERR-5). Other threads may use the bulk too; only the order of this one
 * covers also what it pushes beside the bulk (ENG-3). The bulk keeps the engine alive; tenter_free
 * hands over what it holds, also after the engine's handle was freed, and reports no refusals. */
TENTER_API tenter_code tenter_bulk_create(tenter_context* context, tenter_handle engine,
                                          size_t most_ops, tenter_handle* bulk,
                                          tenter_error* error);
/* As tenter_push, for later; an async op, or one with a priority or a deadline, goes at once, after
 * what the bulk holds. What an op of a group was refused for (TENTER_STALE_HANDLE, TENTER_STOPPED)
 * is reported by the next flush, once: the first refusal; the other ops of the group are pushed
 * (ENG-8). A push reports what its own `op` was refused for at once. `release` is called exactly
 * once in every case. */
TENTER_API tenter_code tenter_bulk_push(tenter_context* context, tenter_handle bulk,
                                        const tenter_op* op, tenter_error* error);
/* Hands over what the bulk holds. Does not wait. */
TENTER_API tenter_code tenter_bulk_flush(tenter_context* context, tenter_handle bulk,
                                         tenter_error* error);

/* ---- captured programs: ops that are recorded once and pushed together many times ---- */

/* An empty list of ops; it belongs to no engine. */
TENTER_API tenter_code tenter_recording_create(tenter_context* context, tenter_handle* recording,
                                               tenter_error* error);
/* Appends `op`, as tenter_push takes it; it has no priority. Its body will be called once per
 * replay, and `timeout_ns` counts from each tenter_replay, so that it includes the wait for what
 * was pushed before. When it fails, `release` has been called. */
TENTER_API tenter_code tenter_recording_push(tenter_context* context, tenter_handle recording,
                                             const tenter_op* op, tenter_error* error);
/* Makes a program of everything recorded and leaves the recording empty, also when it fails, unless
 * a handle was stale; ops that did not become a program are released. TENTER_INVALID_ARGUMENT when
 * nothing was recorded. The program keeps the engine alive. Once it was freed and its last replay
 * has ended, it is destroyed, which releases every op exactly once: before that replay counts as
 * ended for tenter_wait_for_all, and at the latest before the engine or the context is gone. */
TENTER_API tenter_code tenter_capture(tenter_context* context, tenter_handle engine,
                                      tenter_handle recording, tenter_handle* program,
                                      tenter_error* error);
/* Pushes all ops of the program as one event (ENG-2); the n-th has the number `*push_number` + n,
 * counted from 0 (`push_number` may be NULL). Inside, each op fails, is skipped, poisons and heals
 * as if it had been pushed alone. Replays of one program run one after the other. Fails as
 * tenter_push, with nothing pushed; the program stays usable. */
TENTER_API tenter_code tenter_replay(tenter_context* context, tenter_handle program,
                                     uint64_t* push_number, tenter_error* error);

/* ---- looking at an engine; from any thread, also while it is stuck ---- */

TENTER_API tenter_code tenter_engine_get_counts(tenter_context* context, tenter_handle engine,
                                                tenter_engine_counts* counts, tenter_error* error);

enum {
  TENTER_SNAPSHOT_TEXT = 0, /* for people; at most 50 ops and 50 vars */
  TENTER_SNAPSHOT_JSON
};
typedef int32_t tenter_snapshot_format;

/* A trace records which op ran where and when, and which op let it go, for one engine: the second
 * that is created with it is refused with TENTER_INVALID_ARGUMENT. The engine keeps it, and its
 * handle outlives the engine's. It grows until both are freed. */
TENTER_API tenter_code tenter_trace_create(tenter_context* context, tenter_handle* trace,
                                           tenter_error* error);
/* All of it so far, for chrome://tracing and Perfetto; `text`, `size` and `needed` are as in
 * tenter_engine_snapshot. Complete once the engine was stopped or waited for. */
TENTER_API tenter_code tenter_trace_json(tenter_context* context, tenter_handle trace, char* text,
                                         size_t size, size_t* needed, tenter_error* error);

/* Who runs, who waits for what, which vars are poisoned. `*needed` (may be NULL) is the size that
 * holds all of it with the terminating zero; `text`, which may be NULL when `size` is 0, gets what
 * fits, terminated. Succeeds also when it was cut: `*needed` > `size` tells. An engine that goes on
 * may need more the next time. */
TENTER_API tenter_code tenter_engine_snapshot(tenter_context* context, tenter_handle engine,
                                              tenter_snapshot_format format, char* text,
                                              size_t size, size_t* needed, tenter_error* error);
/* A rougher look, for a signal handler of a process that may be broken. Finding an engine by its
 * handle takes a lock, which a handler must not: so it is found before, outside the handler. */
typedef struct tenter_dump tenter_dump;
/* `*dump` keeps the engine alive until tenter_dump_release, which must come before
 * tenter_context_free. */
TENTER_API tenter_code tenter_dump_prepare(tenter_context* context, tenter_handle engine,
                                           tenter_dump** dump, tenter_error* error);
/* Writes who runs and who waits as text to the file descriptor `fd`. Async-signal-safe: it neither
 * waits for a lock nor allocates, and keeps errno; a var whose lock is taken is only named. Text
 * that `fd` refuses is lost. Does nothing when `dump` is NULL. */
TENTER_API void tenter_dump_write(const tenter_dump* dump, int fd);
/* The last call on `dump`: no handler may still use it. Does nothing when it is NULL. May end the
 * engine, as tenter_free. */
TENTER_API void tenter_dump_release(tenter_dump* dump);

/* TENTER_NOT_FOUND when no op has failed yet. */
TENTER_API tenter_code tenter_last_failure(tenter_context* context, tenter_handle engine,
                                           tenter_failure* failure, tenter_error* error);
/* The ops that `failure` has poisoned so far, by push number (ERR-7): the first `capacity` of them
 * go to `chain`, `*count` is how many are known, at most 1000. TENTER_NOT_FOUND unless `failure` is
 * one of the last 256 that the functions above have filled in for this engine. */
TENTER_API tenter_code tenter_failure_chain(tenter_context* context, tenter_handle engine,
                                            const tenter_failure* failure,
                                            tenter_poisoned_op* chain, size_t capacity,
                                            size_t* count, tenter_error* error);
/* All root failures that reached `var`: first the one that tenter_wait_for_var reports, then those
 * it lists as "also" (ERR-3), by push number. Blocks as that does, and succeeds: `*count` tells. */
TENTER_API tenter_code tenter_var_failures(tenter_context* context, tenter_handle engine,
                                           tenter_var var, tenter_failure* failures,
                                           size_t capacity, size_t* count, tenter_error* error);

/* ---- tensors ---- */

enum { TENTER_FLOAT32 = 0, TENTER_FLOAT64, TENTER_INT32, TENTER_INT64, TENTER_UINT8, TENTER_BOOL };
typedef int32_t tenter_dtype;

#define TENTER_RANK_MAX 8

typedef struct tenter_tensor {
  tenter_dtype dtype;
  int32_t rank;
  int64_t dims[TENTER_RANK_MAX]; /* -1: not fixed (in a description of a model's input) */
  void* data;                    /* dense, row-major; NULL in a description */
  size_t size_bytes;
  void* owner; /* of the runtime; NULL for tensors of the caller */
} tenter_tensor;

/* Releases a tensor that the runtime returned, and clears it; does nothing for others. */
TENTER_API void tenter_tensor_release(tenter_tensor* tensor);

/* ---- models and cached ops ---- */

TENTER_API tenter_code tenter_model_load(tenter_context* context, const char* path,
                                         tenter_handle* model, tenter_error* error);
/* Number of inputs (outputs) of a model, and a description of one input. */
TENTER_API tenter_code tenter_model_arity(tenter_context* context, tenter_handle model,
                                          size_t* inputs, size_t* outputs, tenter_error* error);
TENTER_API tenter_code tenter_model_input(tenter_context* context, tenter_handle model,
                                          size_t index, tenter_tensor* description, char* name,
                                          size_t name_size, tenter_error* error);
/* The sealed pages that hold the parameters: for digests, never for writing. */
TENTER_API tenter_code tenter_model_parameters(tenter_context* context, tenter_handle model,
                                               const void** data, size_t* size_bytes,
                                               tenter_error* error);

typedef struct tenter_cached_op_options {
  int32_t thread_safe;       /* COP-6 */
  uint64_t in_flight_max;    /* 0: the default, 8 */
  int32_t refuse_when_full;  /* 0: queue */
  uint64_t plans_max;        /* 0: the default, 16 */
  int32_t reference_kernels; /* 1: no oneDNN */
} tenter_cached_op_options;

typedef struct tenter_footprint {
  uint64_t parameter_bytes, in_flight, in_flight_max, compilations, requests;
} tenter_footprint;

/* Keeps engine and model alive until it is freed. */
TENTER_API tenter_code tenter_cached_op_create(tenter_context* context, tenter_handle engine,
                                               tenter_handle model,
                                               const tenter_cached_op_options* options,
                                               tenter_handle* op, tenter_error* error);
/* Runs the model. `outputs` has room for `output_count` tensors, the model's number of outputs; on
 * success they belong to the caller. Blocks until the request has ended. */
TENTER_API tenter_code tenter_cached_op_invoke(tenter_context* context, tenter_handle op,
                                               const tenter_tensor* inputs, size_t input_count,
                                               tenter_tensor* outputs, size_t output_count,
                                               tenter_error* error);
TENTER_API tenter_code tenter_cached_op_get_footprint(tenter_context* context, tenter_handle op,
                                                      tenter_footprint* footprint,
                                                      tenter_error* error);

/* ---- iterators ---- */

typedef struct tenter_csv_options {
  const char* path;
  const int64_t* row_dims;
  int32_t row_rank;
  tenter_dtype dtype;
  int64_t batch_size;
  int32_t round_batch;
  int64_t bad_rows_max; /* 0: stop at the first bad row */
  uint64_t prefetch;    /* batches made ahead by a thread; 0: the default, 4 */
} tenter_csv_options;

typedef struct tenter_batch {
  int32_t has_value; /* 0: the end of the epoch, and the rest is unset */
  tenter_tensor data;
  int64_t index, first_row, pad;
} tenter_batch;

TENTER_API tenter_code tenter_csv_iterator_create(tenter_context* context,
                                                  const tenter_csv_options* options,
                                                  tenter_handle* iterator, tenter_error* error);
TENTER_API tenter_code tenter_iterator_next(tenter_context* context, tenter_handle iterator,
                                            tenter_batch* batch, tenter_error* error);
TENTER_API tenter_code tenter_iterator_reset(tenter_context* context, tenter_handle iterator,
                                             tenter_error* error);
/* Ends the producer; the handle stays, and answers TENTER_CLOSED, until tenter_free. */
TENTER_API tenter_code tenter_iterator_close(tenter_context* context, tenter_handle iterator,
                                             tenter_error* error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_H_ */
