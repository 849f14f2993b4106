/* The C API from C99: an engine program with a failing op, an iterator over a bad file, stale
 * handles. Exits 0 when every answer is as promised; prints the first that is not. */
#include <stdio.h>
#include <string.h>

#include "runtime/capi/contract/expect.h"
#include "runtime/capi/tenter/tenter.h"

static int released = 0;

static tenter_code Add(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)context;
  (void)error;
  *(int*)arg += 1;
  return TENTER_OK;
}

static tenter_code Reject(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  snprintf(error->message, sizeof(error->message), "%s: scale must be positive, found -1",
           context->name);
  return TENTER_INVALID_ARGUMENT;
}

static void Later(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  (void)arg;
  (void)context;
  tenter_completion_fail(completion, TENTER_DATA_LOSS, "half a record");
}

static void Release(void* arg) {
  (void)arg;
  ++released;
}

static int TestEngine(tenter_context* context, int workers) {
  tenter_engine_options options = {0};
  tenter_engine engine = NULL;
  tenter_error error;
  tenter_var a, b;
  tenter_failure failure = {0};
  size_t count = 0;
  int value = 0;
  tenter_op op;
  options.workers = workers;
  EXPECT(tenter_engine_create(context, &options, &engine, &error) == TENTER_OK);
  EXPECT(tenter_var_create(context, engine, &a, &error) == TENTER_OK);
  EXPECT(tenter_var_create(context, engine, &b, &error) == TENTER_OK);

  memset(&op, 0, sizeof(op));
  op.name = "add";
  op.writes = &a;
  op.write_count = 1;
  op.run = Add;
  op.arg = &value;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_OK);
  EXPECT(value == 1);

  op.name = "random_normal";
  op.run = Reject;
  released = 0;
  op.release = Release;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  op.name = "dependent";
  op.reads = &a;
  op.read_count = 1;
  op.writes = &b;
  op.run = Add;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, b, &failure, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(strcmp(error.message, "random_normal: scale must be positive, found -1") == 0);
  EXPECT(strcmp(failure.op, "random_normal") == 0 && failure.push_number == 2);
  EXPECT(failure.chain_length == 1 && strcmp(failure.place, "body") == 0);
  EXPECT(tenter_last_failure(context, engine, &failure, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_all(context, engine, &failure, 1, &count, &error) == TENTER_OK);
  EXPECT(count == 1 && value == 1 && released == 2);

  memset(&op, 0, sizeof(op));
  op.name = "async";
  op.writes = &a;
  op.write_count = 1;
  op.run_async = Later;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_DATA_LOSS);
  EXPECT(tenter_var_delete(context, engine, a, NULL, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_STALE_HANDLE);

  EXPECT(tenter_engine_stop(context, engine, 0, &error) == TENTER_OK);
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_STALE_HANDLE ||
         error.code == TENTER_STOPPED);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_STALE_HANDLE);
  return 0;
}

static int TestIterator(tenter_context* context, const char* path) {
  const int64_t dims[2] = {4, 10};
  tenter_csv_options options;
  tenter_iterator iterator = NULL;
  tenter_error error;
  tenter_batch batch = {0};
  FILE* file = fopen(path, "w");
  EXPECT(file != NULL);
  fputs("1,2,3,4\n2,3,4,5\n", file);
  fclose(file);
  memset(&options, 0, sizeof(options));
  options.row_dims = dims;
  options.row_rank = 2;
  options.batch_size = 1;
  EXPECT(tenter_csv_iterator_create(context, path, &options, &iterator, &error) == TENTER_OK);
  EXPECT(tenter_iterator_next(context, iterator, &batch, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(strstr(error.message, "row length 4, shape [4,10] wants 40") != NULL);
  EXPECT(tenter_iterator_free(context, iterator, &error) == TENTER_OK);

  options.row_rank = 1;
  EXPECT(tenter_csv_iterator_create(context, path, &options, &iterator, &error) == TENTER_OK);
  EXPECT(tenter_iterator_next(context, iterator, &batch, &error) == TENTER_OK);
  EXPECT(batch.has_value && batch.data.rank == 2 && ((float*)batch.data.data)[3] == 4.0f);
  EXPECT(tenter_iterator_close(context, iterator, &error) == TENTER_OK);
  EXPECT(((float*)batch.data.data)[0] == 1.0f); /* ITR-6: the batch is ours */
  tenter_tensor_release(&batch.data);
  EXPECT(tenter_iterator_next(context, iterator, &batch, &error) == TENTER_CLOSED);
  EXPECT(tenter_iterator_reset(context, iterator, &error) == TENTER_CLOSED);
  EXPECT(tenter_iterator_free(context, iterator, &error) == TENTER_OK);
  remove(path);
  return 0;
}

static int TestModelErrors(tenter_context* context) {
  tenter_model model = NULL;
  tenter_error error;
  EXPECT(tenter_model_load(context, "no/such/model.onnx", &model, &error) == TENTER_NOT_FOUND);
  EXPECT(strchr(error.message, '\n') == NULL && strstr(error.message, "no/such/model.onnx"));
  EXPECT(tenter_cached_op_invoke(context, NULL, NULL, 0, NULL, 0, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_cached_op_invoke(context, (tenter_cached_op)77, NULL, 0, NULL, 0, &error) ==
         TENTER_STALE_HANDLE);
  EXPECT(strcmp(tenter_code_name(TENTER_STALE_HANDLE), "stale_handle") == 0);
  return 0;
}

int main(int argc, char** argv) {
  tenter_context* context = NULL;
  tenter_error error;
  EXPECT(tenter_context_create(NULL, &context, &error) == TENTER_OK);
  EXPECT(TestEngine(context, TENTER_NAIVE_ENGINE) == 0);
  EXPECT(TestEngine(context, 2) == 0);
  EXPECT(TestIterator(context, argc > 1 ? argv[1] : "capi_test.csv") == 0);
  EXPECT(TestModelErrors(context) == 0);
  tenter_context_free(context);
  printf("1 passed, 0 failed\n");
  return 0;
}
