/* Captured programs from C99, on both engines: what a replay runs, poisons and heals, what is
 * refused, and when ops are released. Exits 0 when every answer is as promised. */
#include <stdio.h>
#include <string.h>

#include "runtime/capi/contract/each_engine.h"
#include "runtime/capi/contract/expect.h"
#include "runtime/capi/tenter/tenter.h"

/* A sum that counts up, or fails while `fails` is set; guarded by its var. */
typedef struct state {
  int value, fails, released;
} state;

static tenter_code Add(void* arg, const tenter_op_context* context, tenter_error* error) {
  state* s = arg;
  if (s->fails) {
    snprintf(error->message, sizeof(error->message), "%s was told to fail", context->name);
    return TENTER_DATA_LOSS;
  }
  ++s->value;
  return TENTER_OK;
}

static void Complete(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  (void)context;
  ++((state*)arg)->value;
  tenter_completion_done(completion);
}

static void Drop(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  (void)context;
  (void)arg;
  tenter_completion_drop(completion);
}

static void Release(void* arg) { ++((state*)arg)->released; }

static tenter_op Op(const char* name, const tenter_var* read, const tenter_var* write, state* arg) {
  tenter_op op;
  memset(&op, 0, sizeof(op));
  op.name = name;
  op.reads = read;
  op.read_count = read != NULL;
  op.writes = write;
  op.write_count = write != NULL;
  op.run = Add;
  op.arg = arg;
  op.release = Release;
  return op;
}

static int MakeEngine(tenter_context* context, int workers, tenter_engine* engine) {
  tenter_engine_options options;
  tenter_error error;
  memset(&options, 0, sizeof(options));
  options.workers = workers;
  EXPECT(tenter_engine_create(context, &options, engine, &error) == TENTER_OK);
  return 0;
}

/* ENG-5: one call of each body per replay. ENG-2: push numbers in a row. */
static int TestReplays(tenter_context* context, int workers) {
  state first = {0, 0, 0}, second = {0, 0, 0};
  tenter_engine engine = NULL;
  tenter_recording recording = NULL;
  tenter_program program = NULL;
  tenter_engine_counts counts = {0};
  tenter_error error;
  tenter_var a, b;
  tenter_op op;
  uint64_t one = 0, two = 0;
  EXPECT(MakeEngine(context, workers, &engine) == 0);
  EXPECT(tenter_var_create(context, engine, &a, &error) == TENTER_OK);
  EXPECT(tenter_var_create(context, engine, &b, &error) == TENTER_OK);
  EXPECT(tenter_recording_create(context, &recording, &error) == TENTER_OK);
  op = Op("first", NULL, &a, &first);
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  op = Op("second", &a, &b, &second);
  op.run = NULL;
  op.run_async = Complete;
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  EXPECT(tenter_capture(context, engine, recording, &program, &error) == TENTER_OK);
  EXPECT(tenter_recording_free(context, recording, &error) == TENTER_OK);
  EXPECT(first.value == 0 && first.released == 0);
  EXPECT(tenter_replay(context, program, NULL, &one, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, &two, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) == TENTER_OK);
  EXPECT(two == one + 2);
  EXPECT(tenter_wait_for_var(context, engine, b, NULL, &error) == TENTER_OK);
  EXPECT(first.value == 3 && second.value == 3);
  EXPECT(first.released == 0 && second.released == 0); /* kept for the next replay */
  EXPECT(tenter_wait_for_all(context, engine, NULL, 0, &(size_t){0}, &error) == TENTER_OK);
  EXPECT(tenter_engine_get_counts(context, engine, &counts, &error) == TENTER_OK);
  EXPECT(counts.ran == 6 && counts.failed == 0);
  EXPECT(tenter_program_free(context, program, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  EXPECT(first.released == 1 && second.released == 1);
  return 0;
}

/* ERR-2, ERR-3, ERR-4, ERR-6: an op of a replay fails as if it had been pushed alone. */
static int TestFailure(tenter_context* context, int workers) {
  state bad = {0, 1, 0}, after = {0, 0, 0}, beside = {0, 0, 0};
  tenter_engine engine = NULL;
  tenter_recording recording = NULL;
  tenter_program program = NULL;
  tenter_poisoned_op chain[2] = {0};
  tenter_failure failures[2] = {0};
  tenter_error error;
  tenter_var a, b, c;
  tenter_op op;
  uint64_t number = 0;
  size_t count = 0;
  EXPECT(MakeEngine(context, workers, &engine) == 0);
  EXPECT(tenter_var_create(context, engine, &a, &error) == TENTER_OK);
  EXPECT(tenter_var_create(context, engine, &b, &error) == TENTER_OK);
  EXPECT(tenter_var_create(context, engine, &c, &error) == TENTER_OK);
  EXPECT(tenter_recording_create(context, &recording, &error) == TENTER_OK);
  op = Op("bad", NULL, &a, &bad);
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  op = Op("after", &a, &b, &after);
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  op = Op("beside", NULL, &c, &beside);
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  EXPECT(tenter_capture(context, engine, recording, &program, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, &number, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, c, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, b, NULL, &error) == TENTER_DATA_LOSS);
  EXPECT(strcmp(error.message, "bad was told to fail") == 0);
  EXPECT(tenter_wait_for_all(context, engine, failures, 2, &count, &error) == TENTER_OK);
  EXPECT(count == 1 && failures[0].push_number == number);
  EXPECT(after.value == 0 && beside.value == 1);
  EXPECT(tenter_failure_chain(context, engine, failures, chain, 2, &count, &error) == TENTER_OK);
  EXPECT(count == 1 && strcmp(chain[0].op, "after") == 0 && chain[0].push_number == number + 1);

  bad.fails = 0;
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_var(context, engine, b, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_all(context, engine, failures, 2, &count, &error) == TENTER_OK);
  EXPECT(count == 0 && bad.value == 1 && after.value == 1 && beside.value == 2);
  EXPECT(tenter_program_free(context, program, &error) == TENTER_OK);
  EXPECT(tenter_recording_free(context, recording, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  EXPECT(bad.released == 1 && after.released == 1 && beside.released == 1);
  return 0;
}

/* ERR-1: a node whose completion is dropped fails, at every replay again. */
static int TestDropped(tenter_context* context, int workers) {
  state dropped = {0, 0, 0};
  tenter_engine engine = NULL;
  tenter_recording recording = NULL;
  tenter_program program = NULL;
  tenter_failure failures[3] = {0};
  tenter_error error;
  tenter_var a;
  tenter_op op;
  size_t count = 0;
  EXPECT(MakeEngine(context, workers, &engine) == 0);
  EXPECT(tenter_var_create(context, engine, &a, &error) == TENTER_OK);
  EXPECT(tenter_recording_create(context, &recording, &error) == TENTER_OK);
  op = Op("dropped", NULL, &a, &dropped);
  op.run = NULL;
  op.run_async = Drop;
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  EXPECT(tenter_capture(context, engine, recording, &program, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) == TENTER_OK);
  EXPECT(tenter_wait_for_all(context, engine, failures, 3, &count, &error) == TENTER_OK);
  EXPECT(count == 2 && failures[1].error.code == TENTER_COMPLETION_DROPPED);
  EXPECT(failures[1].push_number == failures[0].push_number + 1);
  EXPECT(tenter_program_free(context, program, &error) == TENTER_OK);
  EXPECT(tenter_recording_free(context, recording, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK && dropped.released == 1);
  return 0;
}

/* What is refused, with the op released all the same (ERR-10, ENG-8, ENG-9). */
static int TestRefusals(tenter_context* context, int workers) {
  state s = {0, 0, 0};
  tenter_engine engine = NULL;
  tenter_recording recording = NULL;
  tenter_program program = NULL, other = NULL;
  tenter_error error;
  tenter_var a;
  tenter_op op;
  EXPECT(MakeEngine(context, workers, &engine) == 0);
  EXPECT(tenter_var_create(context, engine, &a, &error) == TENTER_OK);
  EXPECT(tenter_recording_create(context, &recording, &error) == TENTER_OK);
  EXPECT(tenter_capture(context, engine, recording, &other, &error) == TENTER_INVALID_ARGUMENT);
  op = Op("op", NULL, &a, &s);
  op.run_async = Complete;
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(s.released == 1);
  op.run_async = NULL;
  op.timeout_ns = -1;
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_INVALID_ARGUMENT);
  op.timeout_ns = 0;
  EXPECT(tenter_recording_push(context, (tenter_recording)(void*)engine, &op, &error) ==
         TENTER_STALE_HANDLE);
  EXPECT(strstr(error.message, "is no recording") != NULL && s.released == 3);

  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  EXPECT(tenter_capture(context, NULL, recording, &other, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_capture(context, engine, recording, &program, &error) == TENTER_OK);
  EXPECT(tenter_capture(context, engine, recording, &other, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(tenter_var_delete(context, engine, a, NULL, NULL, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) == TENTER_STALE_HANDLE);

  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  EXPECT(tenter_engine_stop(context, engine, 0, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) == TENTER_STOPPED);
  EXPECT(tenter_capture(context, engine, recording, &other, &error) == TENTER_STOPPED);
  EXPECT(s.released == 4); /* it did not become a program */

  op.name = "never captured";
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  EXPECT(tenter_recording_free(context, recording, &error) == TENTER_OK && s.released == 5);
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK && s.released == 6);
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) ==
         TENTER_STOPPED); /* it is kept alive */
  EXPECT(tenter_program_free(context, program, &error) == TENTER_OK && s.released == 7 &&
         s.value == 0);
  return 0;
}

int main(void) {
  static const engine_test tests[4] = {TestReplays, TestFailure, TestDropped, TestRefusals};
  return RunOnEachEngine(tests, 4);
}
