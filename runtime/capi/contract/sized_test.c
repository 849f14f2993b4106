/* Structs of other versions than the runtime's, options that are zero or NULL, and NULL handles,
 * from C99. Exits 0 when every answer is as promised. */
#include <stdio.h>
#include <string.h>

#include "runtime/capi/contract/each_engine.h"
#include "runtime/capi/contract/expect.h"
#include "runtime/capi/tenter/tenter.h"

static int released = 0;

static void Release(void* arg) {
  (void)arg;
  ++released;
}

static tenter_code Fail(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  (void)error;
  return context->struct_size == sizeof(*context) ? TENTER_DATA_LOSS : TENTER_INTERNAL;
}

/* Options as a later version of this header might have them. */
typedef struct later_options {
  tenter_engine_options known;
  int64_t added;
} later_options;

static int TestOptions(tenter_context* context, int workers) {
  later_options options;
  tenter_engine engine = NULL;
  tenter_error error;
  memset(&options, 0, sizeof(options));
  options.known.workers = workers;
  options.known.struct_size = sizeof(options);
  EXPECT(tenter_engine_create(context, &options.known, &engine, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  options.added = 1;
  EXPECT(tenter_engine_create(context, &options.known, &engine, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(strstr(error.message, "tenter_engine_options of ") != NULL);
  options.known.struct_size = 3;
  EXPECT(tenter_engine_create(context, &options.known, &engine, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(strstr(error.message, "tenter_engine_options.struct_size is 3") != NULL);
  options.known.struct_size = (size_t)-1;
  EXPECT(tenter_engine_create(context, &options.known, &engine, &error) == TENTER_INVALID_ARGUMENT);
  /* What is behind the end is not read: these would be refused. */
  memset(&options.known.spin_ns, -1, sizeof(options) - offsetof(tenter_engine_options, spin_ns));
  options.known.struct_size = offsetof(tenter_engine_options, spin_ns);
  EXPECT(tenter_engine_create(context, &options.known, &engine, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* A longer op is taken or refused, and released either way, if its size is one at all. */
static int TestOps(tenter_context* context, int workers) {
  struct {
    tenter_op known;
    int64_t added;
  } op;
  tenter_engine_options options = {0};
  tenter_engine engine = NULL;
  tenter_error error;
  size_t count = 0;
  options.workers = workers;
  EXPECT(tenter_engine_create(context, &options, &engine, &error) == TENTER_OK);
  memset(&op, 0, sizeof(op));
  op.known.struct_size = sizeof(op);
  op.known.name = "op";
  op.known.run = Fail;
  op.known.release = Release;
  released = 0;
  EXPECT(tenter_push(context, engine, &op.known, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_all(context, engine, NULL, 0, &count, &error) == TENTER_OK);
  EXPECT(released == 1 && count == 1);
  op.added = 5;
  EXPECT(tenter_push(context, engine, &op.known, NULL, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(released == 2 && strstr(error.message, "tenter_op of ") != NULL);
  op.known.struct_size = 1;
  EXPECT(tenter_push(context, engine, &op.known, NULL, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(released == 2);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* Results in an array of structs that are longer or shorter than the runtime's. */
static int TestResults(tenter_context* context, int workers) {
  struct {
    tenter_failure known;
    int64_t added;
  } longer[3];
  unsigned char counts[sizeof(tenter_engine_counts)];
  tenter_engine_counts* cut = (tenter_engine_counts*)(void*)longer;
  tenter_engine_options options = {0};
  tenter_engine engine = NULL;
  tenter_error error;
  tenter_op op = {0};
  size_t i, count = 0;
  options.workers = workers;
  op.name = "op";
  op.run = Fail;
  EXPECT(tenter_engine_create(context, &options, &engine, &error) == TENTER_OK);
  for (i = 0; i < 2; ++i) EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  memset(longer, 0x77, sizeof(longer));
  longer[0].known.struct_size = 2;
  EXPECT(tenter_wait_for_all(context, engine, &longer[0].known, 3, &count, &error) ==
         TENTER_INVALID_ARGUMENT); /* and takes nothing */
  longer[0].known.struct_size = sizeof(longer[0]);
  EXPECT(tenter_wait_for_all(context, engine, &longer[0].known, 3, &count, &error) == TENTER_OK);
  EXPECT(count == 2 && longer[0].known.push_number == 1 && longer[1].known.push_number == 2);
  EXPECT(longer[1].known.struct_size == sizeof(longer[0]));
  EXPECT(longer[0].added == 0 && longer[1].added == 0 && longer[2].added != 0);

  memset(longer, 0x77, sizeof(longer));
  cut->struct_size = offsetof(tenter_engine_counts, failed);
  EXPECT(tenter_engine_get_counts(context, engine, cut, &error) == TENTER_OK);
  EXPECT(cut->pushed == 2 && cut->ran == 2);
  memset(counts, 0x77, sizeof(counts));
  EXPECT(memcmp(&cut->failed, counts, sizeof(*cut) - cut->struct_size) == 0);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* Options may be NULL, or all zero, everywhere. */
static int TestZero(tenter_context* unused, int workers) {
  tenter_context_options context_options = {0};
  tenter_engine_options engine_options = {0};
  tenter_csv_options csv_options = {0};
  tenter_context* context = NULL;
  tenter_engine engine = NULL, same = NULL;
  tenter_iterator iterator = NULL;
  tenter_error error;
  (void)unused;
  (void)workers;
  EXPECT(tenter_context_create(&context_options, &context, &error) == TENTER_OK);
  EXPECT(tenter_engine_create(context, NULL, &engine, &error) == TENTER_OK);
  EXPECT(tenter_engine_create(context, &engine_options, &same, &error) == TENTER_OK);
  EXPECT(tenter_csv_iterator_create(context, "x.csv", NULL, &iterator, &error) == TENTER_OK);
  EXPECT(tenter_csv_iterator_create(context, "x.csv", &csv_options, &iterator, &error) ==
         TENTER_OK);
  EXPECT(tenter_csv_iterator_create(context, NULL, NULL, &iterator, &error) ==
         TENTER_INVALID_ARGUMENT);
  csv_options.row_rank = 1;
  EXPECT(tenter_csv_iterator_create(context, "x.csv", &csv_options, &iterator, &error) ==
         TENTER_INVALID_ARGUMENT);
  tenter_context_free(context);
  tenter_context_free(NULL);
  EXPECT(tenter_api_version() == TENTER_API_VERSION);
  return 0;
}

static int TestNull(tenter_context* context, int workers) {
  tenter_error error;
  tenter_var var = {0, 0};
  (void)workers;
  EXPECT(tenter_engine_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_bulk_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_recording_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_program_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_trace_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_model_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_cached_op_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_iterator_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, NULL, var, NULL, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_replay(context, NULL, NULL, NULL, &error) == TENTER_STALE_HANDLE);
  return 0;
}

int main(void) {
  static const engine_test tests[5] = {TestOptions, TestOps, TestResults, TestZero, TestNull};
  return RunOnEachEngine(tests, 5);
}
