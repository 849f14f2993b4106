/* Looking at an engine from C99, on both engines: snapshots, failure chains, deadlines, options.
 * Exits 0 when every answer is as promised. */
#include <stdio.h>
#include <string.h>

#include "runtime/capi/contract/each_engine.h"
#include "runtime/capi/contract/expect.h"
#include "runtime/capi/tenter/tenter.h"

static tenter_code Nothing(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  (void)context;
  (void)error;
  return TENTER_OK;
}

static tenter_code Fail(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  snprintf(error->message, sizeof(error->message), "%s fails", context->name);
  return TENTER_UNSUPPORTED;
}

/* Leaves the handle to whoever reads `arg`. */
static void Keep(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  (void)context;
  *(tenter_completion**)arg = completion;
}

static tenter_op Op(const char* name,
                    tenter_code (*run)(void*, const tenter_op_context*, tenter_error*)) {
  tenter_op op;
  memset(&op, 0, sizeof(op));
  op.name = name;
  op.run = run;
  return op;
}

/* An op that has started waits for its handle; the snapshot says who waits for what, also when the
 * buffer is too small at first. ERR-7 of the deadline: place and code. */
static int TestDeadline(tenter_context* context, tenter_engine engine, int workers) {
  tenter_completion* kept = NULL;
  tenter_failure failure = {0};
  tenter_error error;
  tenter_var a, b;
  tenter_op op = Op("stuck", NULL);
  char text[4096], cut[8];
  size_t needed = 0;
  EXPECT(tenter_var_create(context, engine, &a, &error) == TENTER_OK);
  EXPECT(tenter_var_create(context, engine, &b, &error) == TENTER_OK);
  op.writes = &a;
  op.write_count = 1;
  op.run_async = Keep;
  op.arg = &kept;
  op.timeout_ns = 20 * 1000 * 1000;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  op = Op("behind \"it\"", Nothing);
  op.reads = &a;
  op.read_count = 1;
  op.writes = &b;
  op.write_count = 1;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  if (workers > 0) { /* the naive engine has ended both by now */
    EXPECT(tenter_engine_snapshot(context, engine, TENTER_SNAPSHOT_TEXT, text, sizeof(text),
                                  &needed, &error) == TENTER_OK);
    EXPECT(needed == strlen(text) + 1);
    EXPECT(strstr(text, "'behind \"it\"' (push 2) waits for v0") != NULL);
    EXPECT(tenter_engine_snapshot(context, engine, TENTER_SNAPSHOT_JSON, text, sizeof(text), NULL,
                                  &error) == TENTER_OK);
    EXPECT(strstr(text, "\"name\":\"behind \\\"it\\\"\",\"push\":2,\"state\":\"waits\"") != NULL);
  }
  EXPECT(tenter_wait_for_var(context, engine, b, &failure, &error) == TENTER_DEADLINE_EXCEEDED);
  EXPECT(strcmp(failure.op, "stuck") == 0 && strcmp(failure.place, "deadline") == 0);
  EXPECT(failure.error.code == TENTER_DEADLINE_EXCEEDED);
  EXPECT(tenter_engine_snapshot(context, engine, TENTER_SNAPSHOT_TEXT, NULL, 0, &needed, &error) ==
         TENTER_OK);
  EXPECT(needed > sizeof(cut) && needed <= sizeof(text));
  EXPECT(tenter_engine_snapshot(context, engine, TENTER_SNAPSHOT_TEXT, cut, sizeof(cut), NULL,
                                &error) == TENTER_OK);
  EXPECT(strlen(cut) == sizeof(cut) - 1);
  EXPECT(tenter_engine_snapshot(context, engine, TENTER_SNAPSHOT_TEXT, text, needed, &needed,
                                &error) == TENTER_OK);
  EXPECT(strncmp(text, cut, strlen(cut)) == 0 && strstr(text, "is poisoned by op 'stuck'") != NULL);
  EXPECT(tenter_engine_snapshot(context, engine, 2, text, sizeof(text), NULL, &error) ==
         TENTER_INVALID_ARGUMENT);
  EXPECT(tenter_engine_snapshot(context, engine, TENTER_SNAPSHOT_TEXT, NULL, 9, NULL, &error) ==
         TENTER_INVALID_ARGUMENT);
  EXPECT(kept != NULL);
  tenter_completion_done(kept); /* too late, and harmless */
  op.timeout_ns = -5;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(strstr(error.message, "found -5") != NULL);
  return 0;
}

/* ERR-7: from a failure to the ops that it poisoned. ERR-3: the root, and the others as "also". */
static int TestChain(tenter_context* context, tenter_engine engine) {
  tenter_var vars[3];
  tenter_failure failures[3] = {0}, unknown = {0};
  tenter_poisoned_op chain[2] = {0};
  tenter_error error;
  tenter_op op;
  uint64_t first = 0, second = 0, join = 0;
  size_t i, count = 0;
  for (i = 0; i < 3; ++i) EXPECT(tenter_var_create(context, engine, &vars[i], &error) == TENTER_OK);
  EXPECT(tenter_var_failures(context, engine, vars[2], failures, 3, &count, &error) == TENTER_OK);
  EXPECT(count == 0);
  op = Op("first", Fail);
  op.writes = &vars[0];
  op.write_count = 1;
  EXPECT(tenter_push(context, engine, &op, &first, &error) == TENTER_OK);
  op.name = "second";
  op.writes = &vars[1];
  EXPECT(tenter_push(context, engine, &op, &second, &error) == TENTER_OK);
  op = Op("join", Nothing);
  op.reads = vars;
  op.read_count = 2;
  op.writes = &vars[2];
  op.write_count = 1;
  EXPECT(tenter_push(context, engine, &op, &join, &error) == TENTER_OK);
  op.name = "last"; /* updates what it writes */
  op.reads = &vars[2];
  op.read_count = 1;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  EXPECT(tenter_var_failures(context, engine, vars[2], failures, 3, &count, &error) == TENTER_OK);
  EXPECT(count == 2 && failures[0].push_number == first && failures[1].push_number == second);
  EXPECT(tenter_var_failures(context, engine, vars[2], failures, 1, &count, &error) == TENTER_OK);
  EXPECT(count == 2);
  for (i = 0; i < 2; ++i) {
    EXPECT(failures[i].chain_length == 2);
    EXPECT(tenter_failure_chain(context, engine, &failures[i], chain, 2, &count, &error) ==
           TENTER_OK);
    EXPECT(count == 2 && strcmp(chain[0].op, "join") == 0 && chain[0].push_number == join);
    EXPECT(strcmp(chain[1].op, "last") == 0 && chain[1].push_number == join + 1);
  }
  chain[1].push_number = 77;
  EXPECT(tenter_failure_chain(context, engine, failures, chain, 1, &count, &error) == TENTER_OK);
  EXPECT(count == 2 && chain[1].push_number == 77);
  unknown = failures[0];
  unknown.push_number = 123456;
  EXPECT(tenter_failure_chain(context, engine, &unknown, chain, 1, &count, &error) ==
         TENTER_NOT_FOUND);
  EXPECT(count == 0);
  return 0;
}

/* Whether an idle engine is seen to say `words` of itself within so many looks. */
static int Says(tenter_context* context, const tenter_engine_options* options, const char* words,
                int looks) {
  tenter_engine engine = NULL;
  tenter_error error;
  char text[256] = "";
  int i;
  if (tenter_engine_create(context, options, &engine, &error) != TENTER_OK) return -1;
  for (i = 0; i < looks && strstr(text, words) == NULL; ++i)
    if (tenter_engine_snapshot(context, engine, TENTER_SNAPSHOT_TEXT, text, sizeof(text), NULL,
                               &error) != TENTER_OK)
      return -1;
  if (tenter_engine_free(context, engine, &error) != TENTER_OK) return -1;
  return i < looks;
}

/* Whether its only worker falls asleep. */
static int FallsAsleep(tenter_context* context, int64_t spin_ns, int looks) {
  tenter_engine_options options;
  memset(&options, 0, sizeof(options));
  options.workers = 1;
  options.spin_ns = spin_ns;
  return Says(context, &options, "(1 asleep)", looks);
}

static int TestSpin(tenter_context* context) {
  EXPECT(FallsAsleep(context, 0, 10 * 1000 * 1000) == 1);
  EXPECT(FallsAsleep(context, -1, 10 * 1000 * 1000) == 1);
  EXPECT(FallsAsleep(context, (int64_t)3600 * 1000 * 1000 * 1000, 100 * 1000) == 0);
  return 0;
}

/* Whether one of its two workers ends. */
static int OneEnds(tenter_context* context, int64_t idle_ns, int looks) {
  tenter_engine_options options;
  memset(&options, 0, sizeof(options));
  options.workers = 2;
  options.idle_ns = idle_ns;
  return Says(context, &options, "(1 asleep, 1 gone)", looks);
}

static int TestIdle(tenter_context* context) {
  EXPECT(OneEnds(context, 1000, 10 * 1000 * 1000) == 1);
  EXPECT(OneEnds(context, 0, 10 * 1000) == 0);
  EXPECT(OneEnds(context, -1, 10 * 1000) == 0);
  return 0;
}

static int TestEngine(tenter_context* context, int workers) {
  tenter_engine_options options;
  tenter_engine engine = NULL;
  tenter_error error;
  memset(&options, 0, sizeof(options));
  options.workers = workers;
  EXPECT(tenter_engine_create(context, &options, &engine, &error) == TENTER_OK);
  EXPECT(TestDeadline(context, engine, workers) == 0);
  EXPECT(TestChain(context, engine) == 0);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* Of threaded engines, whatever `workers`: once is enough. */
static int TestWorkers(tenter_context* context, int workers) {
  if (workers != TENTER_NAIVE_ENGINE) return 0;
  EXPECT(TestSpin(context) == 0);
  EXPECT(TestIdle(context) == 0);
  return 0;
}

int main(void) {
  static const engine_test tests[2] = {TestEngine, TestWorkers};
  return RunOnEachEngine(tests, 2);
}
