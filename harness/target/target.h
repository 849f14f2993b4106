/* target.h: what a runtime under test looks like to the harness. C99, version 3, no C++ type
 * crosses it.
 *
 * A target is a shared library that exports `tgt_entry`. It answers with a table of functions, in
 * three capability groups (engine, model, iterator), each optional: the functions of a group that
 * it does not declare may be NULL. In a group that it declares, six functions may be NULL too:
 * engine_describe, model_parameters, footprint and iterator_skipped only tell something, and
 * invoke_async goes with cancel. What they would have told or done is not checked then. The harness
 * calls everything through this table, and wraps it to plant faults from outside (saboteurs).
 *
 * Thread safety: every function may be called from any thread unless the target declares otherwise
 *   in `notes`; whether that holds is what the harness finds out.
 * Ownership: handles belong to the instance; `close` frees what is left. Tensors that the target
 *   returns are released with `tensor_release`.
 * Errors: a function returns TGT_OK or another tgt_code and fills `error`, which is never NULL; no
 *   exception leaves it. A lack of memory is TGT_RESOURCE_EXHAUSTED, or TGT_INTERNAL: nothing that
 *   blames the caller. How often a failure must be seen at a wait is the target's own promise:
 *   `error_rule`. */
#ifndef TENTER_HARNESS_TARGET_TARGET_H_
#define TENTER_HARNESS_TARGET_TARGET_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TGT_ABI_VERSION 3u

enum {
  TGT_OK = 0,
  TGT_INVALID_ARGUMENT,
  TGT_NOT_FOUND,
  TGT_UNSUPPORTED,
  TGT_OUT_OF_RANGE,
  TGT_DATA_LOSS,
  TGT_RESOURCE_EXHAUSTED,
  TGT_STOPPED,
  TGT_STALE_HANDLE,
  TGT_WAIT_INSIDE_OP,
  TGT_CONCURRENT_USE,
  TGT_CLOSED,
  TGT_COMPLETION_DROPPED,
  TGT_INJECTED,
  TGT_INTERNAL, /* and every failure without a better code */
  TGT_DEADLINE_EXCEEDED
};
typedef int32_t tgt_code;

typedef struct tgt_error {
  tgt_code code;
  char type[64]; /* type of the exception behind it, or empty */
  char message[1024];
} tgt_error;

/* Capability groups, a bit set. */
enum { TGT_ENGINE = 1, TGT_MODEL = 2, TGT_ITERATOR = 4 };

/* How often a failed var fails a wait. */
enum {
  TGT_ERRORS_EVERY_WAIT = 0, /* at every wait until healed */
  TGT_ERRORS_ONCE,           /* at one wait, then forgotten */
  TGT_ERRORS_NOT_AT_ALL
};
typedef int32_t tgt_error_rule;

/* ---- what the harness offers to the target ---- */

enum {
  TGT_FAULT_NONE = 0,
  TGT_FAULT_THROW,
  TGT_FAULT_ERROR,
  TGT_FAULT_BAD_ALLOC,
  TGT_FAULT_DROP_COMPLETION
};
typedef int32_t tgt_fault_kind;

typedef struct tgt_fault {
  tgt_fault_kind kind;
  tgt_code code;
  char type[64];
  char message[256];
} tgt_fault;

/* `request` is the number of an invocation, unique in its cached op, or of a batch; -1: none. */
typedef struct tgt_hit {
  const char* site;
  const char* op;
  int64_t var, request;
  int32_t worker;
} tgt_hit;

/* A target that has fault sites calls `hit` at each, from any thread, holding no lock; it may
 * block. */
typedef struct tgt_host {
  void* self;
  void (*hit)(void* self, const tgt_hit* hit, tgt_fault* fault);
} tgt_host;

/* ---- the table ---- */

typedef uint64_t tgt_handle; /* 0 is never one */
typedef struct tgt_var {
  uint32_t index, generation;
} tgt_var;

typedef struct tgt_op_context {
  const char* name;
  uint64_t push_number;
  int32_t worker;
} tgt_op_context;

typedef struct tgt_completion tgt_completion; /* of the target; used once, by completion_end */

/* `release` is called once when the target needs `arg` no more; of a push that it refuses it may
 * leave that to the caller. */
typedef struct tgt_op {
  const char* name;
  const tgt_var* reads;
  size_t read_count;
  const tgt_var* writes;
  size_t write_count;
  int32_t priority;
  tgt_code (*run)(void* arg, const tgt_op_context* context, tgt_error* error); /* may throw */
  void (*run_async)(void* arg, const tgt_op_context* context, tgt_completion* completion);
  void* arg;
  void (*release)(void* arg);
} tgt_op;

/* Of many failures that one wait reports, those behind the first 1000 may be empty: they only
 * count. `place` is never empty otherwise. `chain_length`: how many other ops the failure has
 * reached, or 0 when that is not told. Push numbers begin at 1. */
typedef struct tgt_failure {
  uint64_t push_number, chain_length;
  char op[128];
  char place[32];
  tgt_error error;
} tgt_failure;

/* `workers`: how many ops it may run at a time; 0: each op runs inside its push. A target that
 * cannot do the latter answers TGT_UNSUPPORTED. */
typedef struct tgt_engine_options {
  int32_t workers, run_dependents;
} tgt_engine_options;

typedef struct tgt_engine_counts {
  uint64_t pushed, ran, failed, skipped, cancelled, live_ops, live_vars;
} tgt_engine_counts;

enum {
  TGT_FLOAT32 = 0,
  TGT_FLOAT64,
  TGT_INT32,
  TGT_INT64,
  TGT_UINT8,
  TGT_BOOL
};
typedef int32_t tgt_dtype;

#define TGT_RANK_MAX 8
typedef struct tgt_tensor {
  tgt_dtype dtype;
  int32_t rank;
  int64_t dims[TGT_RANK_MAX]; /* -1 where a description does not fix it */
  void* data;
  size_t size_bytes;
  void* owner;
} tgt_tensor;

/* How the nodes of a request run, where a target lets its caller choose. */
enum {
  TGT_WAY_DEFAULT = 0,
  TGT_WAY_SERIAL,   /* one after another, on a thread of the target */
  TGT_WAY_INLINE,   /* one after another, on the thread that calls */
  TGT_WAY_DATAFLOW, /* those that do not wait for one another at once */
  TGT_WAY_DIRECT    /* as INLINE when a call that waits need not wait for others, else as SERIAL */
};
typedef int32_t tgt_way;
#define TGT_WAYS 5

/* `in_flight_max`: how many requests run at once; the others wait and are served in the order in
 * which they came, or are refused. `plans_max`: how many input signatures stay compiled. One that
 * went is compiled anew when it comes back; which one goes is the target's own promise:
 * `least_recent_plan_goes`. A failed compilation keeps nothing. `way`: one of tgt_target.ways;
 * without thread_safe the target may run requests as it likes. `batch_max`: so many requests of one
 * signature may run as one, where the target has this and the model allows it; each is answered,
 * fails and is cancelled as if it ran alone, but for the last bits of its numbers. `intra_op`: so
 * many threads may compute a kernel together, where the target has this, if it takes `grain`
 * products of two numbers. Both may change the last bits of a number; nothing else may. */
typedef struct tgt_cached_op_options {
  int32_t thread_safe, refuse_when_full, reference_kernels;
  uint64_t in_flight_max, plans_max; /* 0: the target's default */
  tgt_way way;
  uint64_t batch_max;       /* 0: each alone */
  uint64_t intra_op, grain; /* 0: one; the target's default */
} tgt_cached_op_options;

typedef struct tgt_invoke_options {
  int64_t timeout_ns; /* the request ends then with TGT_DEADLINE_EXCEEDED; 0: no deadline */
  int32_t priority;   /* larger: sooner, among requests that wait */
} tgt_invoke_options;

/* The results, which the callback owns, or an error and none. */
typedef void (*tgt_answer)(void* arg, tgt_tensor* outputs, size_t output_count,
                           const tgt_error* error);

typedef struct tgt_footprint {
  /* `compilations`: begun so far, failed ones too; 0: not told. */
  uint64_t parameter_bytes, in_flight, in_flight_max, compilations, requests;
  /* The intermediate values of requests that run, and what is kept for later ones; 0: not told. */
  uint64_t arena_bytes;
  uint64_t batched; /* requests that have run as one with others */
} tgt_footprint;

/* A row is a line, its numbers lie between commas, and blanks around a number are no part of it. An
 * integer is decimal digits; a float is what strtof, or strtod for a double, reads in the "C"
 * locale, but for hexadecimal numbers: too small a one is the nearest denormal or zero, "inf" and
 * "nan" are numbers. Either has at most one sign. A number that its type does not hold makes its
 * row bad. */
typedef struct tgt_csv_options {
  const char* path;
  const int64_t* row_dims;
  int32_t row_rank;
  tgt_dtype dtype;
  int64_t batch_size, bad_rows_max;
  int32_t round_batch;
  uint64_t prefetch;
} tgt_csv_options;

typedef struct tgt_batch {
  int32_t has_value;
  tgt_tensor data;
  int64_t index, first_row, pad;
} tgt_batch;

/* A row that was left out of its batch, since it was bad (bad_rows_max). */
typedef struct tgt_skipped_row {
  int64_t line;     /* within the file, from 1 */
  tgt_error reason; /* names the file and the line */
} tgt_skipped_row;

enum {
  TGT_COMPLETION_DONE = 0,
  TGT_COMPLETION_FAIL,
  TGT_COMPLETION_DROP
};
typedef int32_t tgt_completion_end;

typedef struct tgt_target {
  uint32_t abi_version;
  const char* name;
  const char* version;
  const char* notes; /* limits that the target documents, or "" */
  uint32_t groups;
  tgt_error_rule error_rule;
  int32_t total_push_order; /* 1: push numbers are one order over all pushing threads */
  /* 1: of more plans than plans_max, the one goes that was not used for longest. 0: any. */
  int32_t least_recent_plan_goes;
  uint32_t ways; /* bit `1 << way` of each way that cached_op_create takes, the default aside */

  tgt_code (*open)(const tgt_host* host, void** instance, tgt_error* error);
  void (*close)(void* instance);
  tgt_code (*free_handle)(void* instance, tgt_handle handle, tgt_error* error);
  void (*tensor_release)(void* instance, tgt_tensor* tensor);

  /* TGT_ENGINE */
  tgt_code (*engine_create)(void*, const tgt_engine_options*, tgt_handle* engine, tgt_error*);
  tgt_code (*var_create)(void*, tgt_handle engine, tgt_var* var, tgt_error*);
  tgt_code (*var_delete)(void*, tgt_handle engine, tgt_var var, tgt_error*);
  tgt_code (*push)(void*, tgt_handle engine, const tgt_op* op, uint64_t* push_number, tgt_error*);
  void (*completion_end)(void*, tgt_completion*, tgt_completion_end how, const char* message);
  /* Inside an op both waits are refused at once: TGT_WAIT_INSIDE_OP, and a message that names the
   * op. A wait for all answers TGT_OK when it has waited, also when it tells of failures: those of
   * ops that failed by themselves, and not of those that were skipped or cancelled. */
  tgt_code (*wait_for_var)(void*, tgt_handle engine, tgt_var var, tgt_failure*, tgt_error*);
  tgt_code (*wait_for_all)(void*, tgt_handle engine, tgt_failure* failures, size_t capacity,
                           size_t* count, tgt_error*);
  tgt_code (*engine_stop)(void*, tgt_handle engine, int32_t cancel, tgt_error*);
  tgt_code (*engine_counts)(void*, tgt_handle engine, tgt_engine_counts*, tgt_error*);
  tgt_code (*engine_describe)(void*, tgt_handle engine, char* text, size_t size, tgt_error*);

  /* TGT_MODEL. cached_op_create gets engine 0 without an engine group; errors name the node. */
  tgt_code (*model_load)(void*, const char* path, tgt_handle* model, tgt_error*);
  tgt_code (*model_arity)(void*, tgt_handle model, size_t* inputs, size_t* outputs, tgt_error*);
  tgt_code (*model_input)(void*, tgt_handle model, size_t index, tgt_tensor* description,
                          char* name, size_t name_size, tgt_error*);
  tgt_code (*model_parameters)(void*, tgt_handle model, const void** data, size_t* size_bytes,
                               tgt_error*);
  tgt_code (*cached_op_create)(void*, tgt_handle engine, tgt_handle model,
                               const tgt_cached_op_options*, tgt_handle* op, tgt_error*);
  /* Floats are those of IEEE 754: a NaN stays one, and denormal numbers are no zeros. */
  tgt_code (*invoke)(void*, tgt_handle op, const tgt_tensor* inputs, size_t input_count,
                     tgt_tensor* outputs, size_t output_count, tgt_error*);
  /* As invoke, and returns before it has ended; `options` is never NULL, and neither are inputs
   * freed before the answer. When it fails, there is no answer; else exactly one, from any thread,
   * also from this one before it returns. `request` is its number, as hits tell it. free_handle of
   * the op waits for its answers, but for those that are given inside of this call. */
  tgt_code (*invoke_async)(void*, tgt_handle op, const tgt_invoke_options* options,
                           const tgt_tensor* inputs, size_t input_count, tgt_answer answer,
                           void* arg, uint64_t* request, tgt_error*);
  /* Ends a request of invoke_async with TGT_STOPPED, unless it has ended. */
  tgt_code (*cancel)(void*, tgt_handle op, uint64_t request, tgt_error*);
  tgt_code (*footprint)(void*, tgt_handle op, tgt_footprint*, tgt_error*);

  /* TGT_ITERATOR */
  tgt_code (*csv_iterator_create)(void*, const tgt_csv_options*, tgt_handle* iterator, tgt_error*);
  tgt_code (*iterator_next)(void*, tgt_handle iterator, tgt_batch* batch, tgt_error*);
  tgt_code (*iterator_reset)(void*, tgt_handle iterator, tgt_error*);
  tgt_code (*iterator_close)(void*, tgt_handle iterator, tgt_error*);
  /* Of this epoch: the rows that were left out before the last row that was returned, and all of
   * them once the end or an error was; those that stand right behind a batch may come with it. In
   * the order of the file. `*count` is how many; of the first 1000 the first `capacity` go to
   * `rows`. Nothing is taken, and a reset forgets them. */
  tgt_code (*iterator_skipped)(void*, tgt_handle iterator, tgt_skipped_row* rows, size_t capacity,
                               uint64_t* count, tgt_error*);
} tgt_target;

/* The one symbol that a target exports: its table, in static storage. */
typedef const tgt_target* (*tgt_entry_fn)(void);
#define TGT_ENTRY_SYMBOL "tgt_entry"

#ifdef __cplusplus
}
#endif

#endif /* TENTER_HARNESS_TARGET_TARGET_H_ */
