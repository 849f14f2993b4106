/* A model and its requests: one that is waited for, one that is answered later on a thread of the
 * engine, one that is withdrawn, one with a wrong shape. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/capi/tenter/tenter.h"

/* An ONNX file of one node, y = Relu(x), of which x has any number of rows and 4 columns.
 * tenter_model_load takes the path of a file. */
static const unsigned char relu_onnx[] = {
    0x08, 0x08, 0x3a, 0x43, 0x0a, 0x12, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x1a, 0x04, 0x72, 0x65,
    0x6c, 0x75, 0x22, 0x04, 0x52, 0x65, 0x6c, 0x75, 0x12, 0x01, 0x67, 0x5a, 0x14, 0x0a, 0x01, 0x78,
    0x12, 0x0f, 0x0a, 0x0d, 0x08, 0x01, 0x12, 0x09, 0x0a, 0x03, 0x12, 0x01, 0x6e, 0x0a, 0x02, 0x08,
    0x04, 0x62, 0x14, 0x0a, 0x01, 0x79, 0x12, 0x0f, 0x0a, 0x0d, 0x08, 0x01, 0x12, 0x09, 0x0a, 0x03,
    0x12, 0x01, 0x6e, 0x0a, 0x02, 0x08, 0x04, 0x42, 0x04, 0x0a, 0x00, 0x10, 0x0d};

static float rows[2][4] = {{-1, 2, -3, 4}, {5, -6, 7, -8}};

/* What comes of a request that is not waited for. */
typedef struct answer {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int answered;
  tenter_code code;
  float last;
} answer;

static tenter_tensor Tensor(float* data, int64_t row_count, int64_t columns) {
  tenter_tensor tensor = {0};
  tensor.dtype = TENTER_FLOAT32;
  tensor.rank = 2;
  tensor.dims[0] = row_count;
  tensor.dims[1] = columns;
  tensor.data = data;
  tensor.size_bytes = (size_t)(row_count * columns) * sizeof(float);
  return tensor;
}

/* Called once for each request, from a worker: it must not wait, and outputs are its own. */
static void Answered(void* arg, tenter_tensor* outputs, size_t output_count,
                     const tenter_error* error) {
  answer* a = arg;
  size_t i;
  pthread_mutex_lock(&a->mutex);
  a->code = error == NULL ? TENTER_OK : error->code;
  if (error == NULL) a->last = ((const float*)outputs[0].data)[3];
  for (i = 0; i < output_count; ++i) tenter_tensor_release(&outputs[i]);
  a->answered = 1;
  pthread_cond_signal(&a->changed);
  pthread_mutex_unlock(&a->mutex);
}

static void Await(answer* a) {
  pthread_mutex_lock(&a->mutex);
  while (!a->answered) pthread_cond_wait(&a->changed, &a->mutex);
  pthread_mutex_unlock(&a->mutex);
}

static void Must(tenter_code code, const tenter_error* error) {
  if (code == TENTER_OK) return;
  fprintf(stderr, "%s: %s\n", tenter_code_name(code), error->message);
  exit(1);
}

int main(void) {
  answer answers[2] = {{PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0},
                       {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0}};
  tenter_cached_op_options options = {0};
  tenter_invoke_options soon = {0};
  tenter_tensor input = Tensor(rows[0], 2, 4), wrong = Tensor(rows[0], 4, 2), output = {0};
  tenter_context* context = NULL;
  tenter_engine engine = NULL;
  tenter_model model = NULL;
  tenter_cached_op op = NULL;
  tenter_error error;
  uint64_t request = 0;
  tenter_code code;
  int failed = 0;

  Must(tenter_context_create(NULL, &context, &error), &error);
  Must(tenter_engine_create(context, NULL, &engine, &error), &error);
  Must(tenter_model_load_bytes(context, relu_onnx, sizeof(relu_onnx), "relu", &model, &error),
       &error);
  options.struct_size = sizeof(options);
  options.intra_op_threads = 2; /* for kernels that are large enough, which this one is not */
  Must(tenter_cached_op_create(context, engine, model, &options, &op, &error), &error);

  Must(tenter_cached_op_invoke(context, op, &input, 1, &output, 1, &error), &error);
  printf("waited for: %g\n", (double)((const float*)output.data)[3]);
  failed += ((const float*)output.data)[3] != 4;
  tenter_tensor_release(&output);

  /* Its inputs have to stay until it is answered. */
  soon.struct_size = sizeof(soon);
  soon.timeout_ns = (int64_t)10 * 1000 * 1000 * 1000;
  Must(tenter_cached_op_invoke_async(context, op, &soon, &input, 1, Answered, &answers[0], NULL,
                                     &error),
       &error);
  Must(tenter_cached_op_invoke_async(context, op, NULL, &input, 1, Answered, &answers[1], &request,
                                     &error),
       &error);
  Must(tenter_cached_op_cancel(context, op, request, &error), &error);
  Await(&answers[0]);
  Await(&answers[1]);
  printf("answered later: %g\n", (double)answers[0].last);
  failed += answers[0].code != TENTER_OK || answers[0].last != 4;
  /* A request that has ended cannot be withdrawn any more. */
  printf("withdrawn: %s\n", tenter_code_name(answers[1].code));
  failed += answers[1].code != TENTER_STOPPED && answers[1].code != TENTER_OK;

  code = tenter_cached_op_invoke(context, op, &wrong, 1, &output, 1, &error);
  printf("wrong shape: %s: %s\n", tenter_code_name(code), error.message);
  failed += code != TENTER_INVALID_ARGUMENT;

  Must(tenter_cached_op_free(context, op, &error), &error);
  tenter_context_free(context); /* and all else that it has */
  return failed;
}
