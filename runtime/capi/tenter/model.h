/* model.h: tensors, models and cached ops. A part of tenter.h, which says what holds for all
 * of it. C99. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_MODEL_H_
#define TENTER_RUNTIME_CAPI_TENTER_MODEL_H_

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

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
                                         tenter_model* model, tenter_error* error);
TENTER_API tenter_code tenter_model_free(tenter_context* context, tenter_model model,
                                         tenter_error* error);
/* As tenter_model_load, from the bytes of a file, which are not kept; messages call it `name`. */
TENTER_API tenter_code tenter_model_load_bytes(tenter_context* context, const void* bytes,
                                               size_t size, const char* name, tenter_model* model,
                                               tenter_error* error);
/* Number of inputs (outputs) of a model, and a description of one input or output: in an output the
 * dimensions are -1 that depend on those of an input that are. Where nothing can be said of an
 * output before it is known what comes in, its rank is -1. */
TENTER_API tenter_code tenter_model_arity(tenter_context* context, tenter_model model,
                                          size_t* inputs, size_t* outputs, tenter_error* error);
TENTER_API tenter_code tenter_model_input(tenter_context* context, tenter_model model, size_t index,
                                          tenter_tensor* description, char* name, size_t name_size,
                                          tenter_error* error);
TENTER_API tenter_code tenter_model_output(tenter_context* context, tenter_model model,
                                           size_t index, tenter_tensor* description, char* name,
                                           size_t name_size, tenter_error* error);
/* The sealed pages that hold the parameters: for digests, never for writing. From then on all of
 * them stay in memory, also those of which kernels have copies in orders of their own. */
TENTER_API tenter_code tenter_model_parameters(tenter_context* context, tenter_model model,
                                               const void** data, size_t* size_bytes,
                                               tenter_error* error);

/* Who may invoke a cached op (COP-6). */
enum {
  TENTER_SHARED = 0, /* any number of threads at once */
  /* One thread at a time, which runs the nodes itself. A second caller is detected and
   * refused with TENTER_CONCURRENT_USE. */
  TENTER_CONFINED
};
typedef int32_t tenter_sharing;

/* How the nodes of a request run. In each way an answer has the same bits at every call; those of a
 * dataflow may differ from the others' in the last one, since it fuses fewer nodes. */
enum {
  TENTER_WAY_DEFAULT = 0, /* direct; inline where sharing is TENTER_CONFINED, whatever is said */
  TENTER_WAY_SERIAL,      /* one after another, on one worker of the engine */
  TENTER_WAY_INLINE,      /* one after another, on the thread that calls */
  TENTER_WAY_DATAFLOW,    /* those that do not wait for one another at once, on many workers */
  /* On the thread of a call that waits, if it need not wait for others; all else on one worker. A
   * stop of the engine does not wait for the former; it ends them before their next node where it
   * cancels. */
  TENTER_WAY_DIRECT
};
typedef int32_t tenter_way;

typedef struct tenter_cached_op_options {
  size_t struct_size;
  tenter_sharing sharing;
  /* Requests that run at once, or wait, where more are refused. 0: 8, or running_max (the
   * number of workers where that is 0) x batch_max where that is more. */
  uint64_t in_flight_max;
  int32_t refuse_when_full;  /* 0: queue */
  uint64_t plans_max;        /* signatures kept compiled; 0: as many as plan_bytes_max holds */
  int32_t reference_kernels; /* 1: no oneDNN */
  tenter_way way;
  /* Requests that run at once, at most in_flight_max; the others hold nothing but their inputs. 0:
   * as many as there are workers; inline, in_flight_max. */
  uint64_t running_max;
  uint64_t plan_bytes_max; /* about what the kept plans may cost together; 0: 256 MiB */
  /* Requests of one signature that may run as one, at most 128; with TENTER_WAY_SERIAL or _DIRECT
   * alone. Those go together that wait for room: 2, 4, 8 ... of them, and no more than
   * in_flight_max / running_max. Each is answered, fails and is cancelled as if it ran alone, but
   * for the last bits of its numbers. Where a model mixes the rows of its inputs all run alone. 0
   * or 1: all do. */
  uint64_t batch_max;
  /* Threads that compute a kernel together, its caller among them, at most 64: of large kernels
   * each computes some of the rows. Each worker, or caller where requests run inline, has others,
   * so workers x intra_op_threads is best no more than there are processors. The last bits of a
   * number may depend on it, and on nothing that happens in a run. 0 or 1: one thread. */
  uint64_t intra_op_threads;
  /* Products of two numbers that a kernel takes, or half as many bytes that it moves, for it to be
   * computed so; 0: 300,000. */
  uint64_t grain;
} tenter_cached_op_options;

/* NULL, or all zero: neither deadline nor priority. */
typedef struct tenter_invoke_options {
  size_t struct_size;
  /* The request ends with TENTER_DEADLINE_EXCEEDED when so much time has passed and it has not
   * ended: at once while it waits for room, before its next node when it runs. 0: never. */
  int64_t timeout_ns;
  int32_t priority; /* larger: sooner, among those that wait */
} tenter_invoke_options;

/* What a request came to. `error` is NULL when it succeeded: then the `output_count` tensors belong
 * to the callback. Called once, from a worker, inside an op of the engine, where waits are refused;
 * for a request that ended while it waited for room, from whoever cancels it or frees the op, or
 * from the thread that watches deadlines; where requests run inline, before
 * tenter_cached_op_invoke_async returns. It may ask again, and must not wait, nor free the op. */
typedef void (*tenter_answer_fn)(void* arg, tenter_tensor* outputs, size_t output_count,
                                 const tenter_error* error);

typedef struct tenter_footprint {
  size_t struct_size;
  uint64_t parameter_bytes; /* of the model in memory, packed ones too; once for all ops of it */
  uint64_t in_flight, in_flight_max; /* requests that run now, and at most so far */
  uint64_t compilations, requests;
  uint64_t plans;         /* that are kept */
  uint64_t scratch_bytes; /* of those plans, for each worker, where a request may use many */
  uint64_t arena_bytes;   /* of the requests that run, and of the arenas that wait for the next */
  uint64_t plan_bytes;    /* about what the plans that are kept cost, scratch memory included */
  uint64_t batched;       /* requests that have run as one with others */
} tenter_footprint;

/* Keeps engine and model alive until it is freed; `options` may be NULL, and so may `engine` where
 * requests run inline. */
TENTER_API tenter_code tenter_cached_op_create(tenter_context* context, tenter_engine engine,
                                               tenter_model model,
                                               const tenter_cached_op_options* options,
                                               tenter_cached_op* op, tenter_error* error);
/* Requests that run finish, and are answered; those that wait for their turn get TENTER_CLOSED
 * (COP-4). Blocks until all of tenter_cached_op_invoke_async that have returned have their answers.
 * Refused with TENTER_WAIT_INSIDE_OP inside an op of its engine, and on the thread that watches the
 * deadlines of that: from both come answers. */
TENTER_API tenter_code tenter_cached_op_free(tenter_context* context, tenter_cached_op op,
                                             tenter_error* error);
/* Runs the model. `outputs` has room for `output_count` tensors, the model's number of outputs, all
 * zero; on success they belong to the caller. One that has `data` is filled instead, and must have
 * the dtype of the output and a `size_bytes` that holds it, which becomes the size of the output;
 * its `owner` must be NULL. When the call fails no tensor has been touched. Blocks until the
 * request has ended. */
TENTER_API tenter_code tenter_cached_op_invoke(tenter_context* context, tenter_cached_op op,
                                               const tenter_tensor* inputs, size_t input_count,
                                               tenter_tensor* outputs, size_t output_count,
                                               tenter_error* error);
/* As tenter_cached_op_invoke; `options` may be NULL. */
TENTER_API tenter_code tenter_cached_op_invoke_with(tenter_context* context, tenter_cached_op op,
                                                    const tenter_invoke_options* options,
                                                    const tenter_tensor* inputs, size_t input_count,
                                                    tenter_tensor* outputs, size_t output_count,
                                                    tenter_error* error);
/* Runs the model and returns before it has: `answer` is called with `arg` when it has ended. The
 * data of the inputs must stay until then. `request` (may be NULL) is its number. When this call
 * fails, there is no answer. */
TENTER_API tenter_code tenter_cached_op_invoke_async(tenter_context* context, tenter_cached_op op,
                                                     const tenter_invoke_options* options,
                                                     const tenter_tensor* inputs,
                                                     size_t input_count, tenter_answer_fn answer,
                                                     void* arg, uint64_t* request,
                                                     tenter_error* error);
/* Ends a request of tenter_cached_op_invoke_async with TENTER_STOPPED, unless it has ended: at once
 * while it waits, before its next node when it runs. */
TENTER_API tenter_code tenter_cached_op_cancel(tenter_context* context, tenter_cached_op op,
                                               uint64_t request, tenter_error* error);
TENTER_API tenter_code tenter_cached_op_get_footprint(tenter_context* context, tenter_cached_op op,
                                                      tenter_footprint* footprint,
                                                      tenter_error* error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_MODEL_H_ */
