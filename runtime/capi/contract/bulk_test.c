/* Bulks from C99, on both engines: order, failures, refusals, and when ops are released. Exits 0
 * when every answer is as promised. */
#include <stdio.h>
#include <string.h>

#include "runtime/capi/contract/each_engine.h"
#include "runtime/capi/contract/expect.h"
#include "runtime/capi/tenter/tenter.h"

/* What the ops of one test did; guarded by their var, and by the end of the engine. */
typedef struct state {
  int value, released;
  tenter_completion* kept;
} state;

static tenter_code Add(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)context;
  (void)error;
  ++((state*)arg)->value;
  return TENTER_OK;
}

/* Doubles, so that the order of two ops shows. */
static tenter_code Double(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)context;
  (void)error;
  ((state*)arg)->value *= 2;
  return TENTER_OK;
}

static tenter_code Fail(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  snprintf(error->message, sizeof(error->message), "%s fails", context->name);
  return TENTER_DATA_LOSS;
}

static void Complete(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  (void)context;
  ++((state*)arg)->value;
  tenter_completion_done(completion);
}

static void Keep(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  (void)context;
  ((state*)arg)->kept = completion;
}

/* An op that is refused is released by the pushing thread, beside the worker. */
static void Release(void* arg) {
  __atomic_fetch_add(&((state*)arg)->released, 1, __ATOMIC_RELEASE);
}

static tenter_op Op(const char* name, const tenter_var* write, state* arg) {
  tenter_op op;
  memset(&op, 0, sizeof(op));
  op.name = name;
  op.writes = write;
  op.write_count = 1;
  op.run = Add;
  op.arg = arg;
  op.release = Release;
  return op;
}

static int Make(tenter_context* context, int workers, size_t most_ops, tenter_engine* engine,
                tenter_bulk* bulk, tenter_var* var) {
  tenter_engine_options options;
  tenter_error error;
  memset(&options, 0, sizeof(options));
  options.workers = workers;
  EXPECT(tenter_engine_create(context, &options, engine, &error) == TENTER_OK);
  EXPECT(tenter_bulk_create(context, *engine, most_ops, bulk, &error) == TENTER_OK);
  EXPECT(tenter_var_create(context, *engine, var, &error) == TENTER_OK);
  return 0;
}

/* ENG-3, ENG-6: ops keep their place among those beside the bulk, and a wait flushes. */
static int TestOrder(tenter_context* context, int workers) {
  tenter_engine engine = NULL;
  tenter_bulk bulk = NULL;
  tenter_engine_counts counts = {0};
  tenter_error error;
  tenter_var a;
  state s = {0, 0, NULL};
  tenter_op op;
  EXPECT(Make(context, workers, 3, &engine, &bulk, &a) == 0);
  op = Op("add", &a, &s);
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  op.run = Double;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK); /* hands over: 1 * 2 */
  op.run = Add;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_bulk_flush(context, bulk, &error) == TENTER_OK);
  EXPECT(tenter_engine_get_counts(context, engine, &counts, &error) == TENTER_OK);
  EXPECT(counts.pushed == 3);
  op.run = Double;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_engine_get_counts(context, engine, &counts, &error) == TENTER_OK);
  EXPECT(counts.pushed == (workers > 0 ? 3 : 4)); /* the naive engine keeps no groups */
  EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_OK && s.value == 6);
  op.run = Add;
  for (int i = 0; i < 3; ++i) EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_engine_get_counts(context, engine, &counts, &error) == TENTER_OK);
  EXPECT(counts.pushed == 7); /* it was full */
  EXPECT(tenter_bulk_free(context, bulk, &error) == TENTER_OK);
  EXPECT(tenter_engine_stop(context, engine, 0, &error) == TENTER_OK);
  EXPECT(s.value == 9 && s.released == 7);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* ERR-2: a member fails alone. ERR-7: its place. Async ops, priorities and deadlines pass. */
static int TestKindsOfOps(tenter_context* context, int workers) {
  tenter_engine engine = NULL;
  tenter_bulk bulk = NULL;
  tenter_engine_counts counts = {0};
  tenter_failure failure = {0};
  tenter_error error;
  tenter_var a, b;
  state s = {0, 0, NULL};
  tenter_op op;
  size_t count = 0;
  EXPECT(Make(context, workers, 0, &engine, &bulk, &a) == 0);
  EXPECT(tenter_var_create(context, engine, &b, &error) == TENTER_OK);
  op = Op("fails", &b, &s);
  op.run = Fail;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  op = Op("add", &a, &s);
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_engine_get_counts(context, engine, &counts, &error) == TENTER_OK);
  EXPECT(counts.pushed == (workers > 0 ? 0 : 2)); /* the default holds more */
  op.priority = 7;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  op.run = NULL;
  op.run_async = Complete;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_OK && s.value == 3);
  EXPECT(tenter_wait_for_var(context, engine, b, &failure, &error) == TENTER_DATA_LOSS);
  EXPECT(failure.push_number == 1 && strcmp(failure.op, "fails") == 0);
  EXPECT(failure.chain_length == 0);
  op = Op("late", &a, &s);
  op.run = NULL;
  op.run_async = Keep;
  op.timeout_ns = 1000 * 1000;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, a, &failure, &error) == TENTER_DEADLINE_EXCEEDED);
  EXPECT(strcmp(failure.op, "late") == 0);
  if (s.kept != NULL) tenter_completion_done(s.kept);
  EXPECT(tenter_wait_for_all(context, engine, &failure, 1, &count, &error) == TENTER_OK);
  EXPECT(count == 2);
  EXPECT(tenter_bulk_free(context, bulk, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK && s.released == 5);
  return 0;
}

/* ENG-8: a refused op is refused alone; the next flush says so, once. */
static int TestRefusals(tenter_context* context, int workers) {
  tenter_engine engine = NULL;
  tenter_bulk bulk = NULL, none = NULL;
  tenter_error error;
  tenter_var a, gone;
  state s = {0, 0, NULL};
  tenter_op op;
  const tenter_code later = workers > 0 ? TENTER_OK : TENTER_STALE_HANDLE;
  EXPECT(Make(context, workers, 100, &engine, &bulk, &a) == 0);
  EXPECT(tenter_bulk_create(context, (tenter_engine)(void*)bulk, 0, &none, &error) ==
         TENTER_STALE_HANDLE);
  EXPECT(strstr(error.message, "is no engine") != NULL);
  EXPECT(tenter_bulk_flush(context, (tenter_bulk)(void*)engine, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_var_create(context, engine, &gone, &error) == TENTER_OK);
  EXPECT(tenter_var_delete(context, engine, gone, NULL, NULL, &error) == TENTER_OK);

  op = Op("add", &a, &s);
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  op.writes = &gone;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == later);
  op.writes = &a;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_bulk_flush(context, bulk, &error) ==
         (workers > 0 ? TENTER_STALE_HANDLE : TENTER_OK));
  EXPECT(tenter_bulk_flush(context, bulk, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_OK && s.value == 2);

  op.writes = &gone;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == later);
  EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_OK); /* hands it over */
  op.writes = &a;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_bulk_flush(context, bulk, &error) ==
         (workers > 0 ? TENTER_STALE_HANDLE : TENTER_OK));
  EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_OK);
  EXPECT(s.value == 3);

  op.run = NULL;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_INVALID_ARGUMENT);
  op.run = Add;
  EXPECT(tenter_engine_stop(context, engine, 0, &error) == TENTER_OK);
  EXPECT(s.released == 6);
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) ==
         (workers > 0 ? TENTER_OK : TENTER_STOPPED));
  if (workers > 0) EXPECT(tenter_bulk_flush(context, bulk, &error) == TENTER_STOPPED);
  EXPECT(tenter_bulk_flush(context, bulk, &error) == TENTER_OK && s.released == 7);
  EXPECT(tenter_bulk_free(context, bulk, &error) == TENTER_OK);
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_STALE_HANDLE && s.released == 8);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* A bulk keeps its engine, and nothing that was pushed is lost, whoever is freed first: ENG-5. */
static int TestLifetimes(tenter_context* unused, int workers) {
  int by_context;
  (void)unused;
  for (by_context = 0; by_context <= 1; ++by_context) {
    tenter_context* context = NULL;
    tenter_engine engine = NULL;
    tenter_bulk bulk = NULL;
    tenter_error error;
    tenter_var a;
    state s = {0, 0, NULL};
    tenter_op op;
    EXPECT(tenter_context_create(NULL, &context, &error) == TENTER_OK);
    EXPECT(Make(context, workers, 0, &engine, &bulk, &a) == 0);
    op = Op("add", &a, &s);
    EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
    EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
    EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
    EXPECT(tenter_bulk_flush(context, bulk, &error) == TENTER_OK);
    EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
    if (!by_context) {
      EXPECT(tenter_bulk_free(context, bulk, &error) == TENTER_OK);
      EXPECT(s.value == 3 && s.released == 3);
      EXPECT(tenter_bulk_free(context, bulk, &error) == TENTER_STALE_HANDLE);
    }
    tenter_context_free(context);
    EXPECT(s.value == 3 && s.released == 3);
  }
  return 0;
}

int main(void) {
  static const engine_test tests[4] = {TestOrder, TestKindsOfOps, TestRefusals, TestLifetimes};
  return RunOnEachEngine(tests, 4);
}
