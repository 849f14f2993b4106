/* Failure scopes and cancellation from C99, on each kind of engine. Exits 0 when every answer is as
 * promised. */
#define _POSIX_C_SOURCE 200809L
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "runtime/capi/contract/each_engine.h"
#include "runtime/capi/contract/expect.h"
#include "runtime/capi/tenter/tenter.h"

static tenter_code Nothing(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)context;
  (void)error;
  if (arg != NULL) ++*(int*)arg;
  return TENTER_OK;
}

static tenter_code Fail(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  snprintf(error->message, sizeof(error->message), "%s fails", context->name);
  return TENTER_DATA_LOSS;
}

/* A body that blocks until somebody cancels. */
typedef struct blocked {
  sem_t started, woken;
  tenter_code before, after;
} blocked;

static void Wake(void* arg) { sem_post(&((blocked*)arg)->woken); }

static tenter_code Block(void* arg, const tenter_op_context* context, tenter_error* error) {
  blocked* b = arg;
  tenter_cancel_callback* callback = NULL;
  b->before = tenter_cancel_requested(context);
  if (tenter_cancel_register(context, Wake, b, &callback, error) != TENTER_OK)
    return TENTER_INTERNAL;
  sem_post(&b->started);
  while (sem_wait(&b->woken) != 0) {
  }
  b->after = tenter_cancel_requested(context);
  tenter_cancel_unregister(callback);
  return TENTER_OK;
}

static tenter_op Op(const char* name, tenter_scope scope,
                    tenter_code (*run)(void*, const tenter_op_context*, tenter_error*), void* arg) {
  tenter_op op = {0};
  op.name = name;
  op.run = run;
  op.arg = arg;
  op.scope = scope;
  return op;
}

static int Make(tenter_context* context, int workers, tenter_engine* engine, tenter_scope* scope) {
  tenter_engine_options options = {0};
  tenter_error error;
  options.workers = workers;
  EXPECT(tenter_engine_create(context, &options, engine, &error) == TENTER_OK);
  EXPECT(tenter_scope_create(context, *engine, scope, &error) == TENTER_OK);
  return 0;
}

/* ERR-6: an array that is too short loses nothing. ERR-11: nor does one log show the other's. */
static int TestShortArrays(tenter_context* context, int workers) {
  tenter_failure failures[3] = {{0}};
  tenter_engine engine = NULL;
  tenter_scope scope = NULL;
  tenter_error error;
  size_t count = 0;
  int in_scope, i, round;
  EXPECT(Make(context, workers, &engine, &scope) == 0);
  for (i = 0; i < 10; ++i) {
    tenter_op op = Op(i % 2 ? "inside" : "outside", i % 2 ? scope : NULL, Fail, NULL);
    EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  }
  for (in_scope = 0; in_scope <= 1; ++in_scope) {
    uint64_t next = in_scope ? 2 : 1;
    for (round = 0; round < 4; ++round) {
      static const size_t left[4] = {5, 3, 1, 0};
      const size_t capacity = round < 2 ? 2 : 3;
      EXPECT((in_scope ? tenter_scope_wait(context, scope, failures, capacity, &count, &error)
                       : tenter_wait_for_all(context, engine, failures, capacity, &count,
                                             &error)) == TENTER_OK);
      EXPECT(count == left[round]);
      for (i = 0; i < (int)(count < capacity ? count : capacity); ++i, next += 2) {
        EXPECT(strcmp(failures[i].op, in_scope ? "inside" : "outside") == 0);
        EXPECT(failures[i].push_number == next);
      }
    }
    EXPECT(next == (in_scope ? 12u : 11u));
  }
  EXPECT(tenter_scope_free(context, scope, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* ERR-12: a cancel wakes the body that runs, ends those that wait, and touches nothing else. */
static int TestCancel(tenter_context* context, int workers) {
  tenter_engine engine = NULL;
  tenter_scope scope = NULL;
  tenter_engine_counts counts = {0};
  tenter_error error;
  tenter_var a;
  tenter_op op;
  blocked b;
  int ran = 0, outside = 0;
  size_t count = 0;
  memset(&b, 0, sizeof(b));
  EXPECT(sem_init(&b.started, 0, 0) == 0 && sem_init(&b.woken, 0, 0) == 0);
  EXPECT(Make(context, workers, &engine, &scope) == 0);
  EXPECT(tenter_var_create(context, engine, &a, &error) == TENTER_OK);
  if (workers > 0) { /* the naive engine would not return from the push */
    op = Op("blocked", scope, Block, &b);
    op.writes = &a;
    op.write_count = 1;
    EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
    EXPECT(sem_wait(&b.started) == 0);
    op = Op("behind it", scope, Nothing, &ran);
    op.writes = &a;
    op.write_count = 1;
    EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  }
  EXPECT(tenter_scope_cancel(context, scope, &error) == TENTER_OK);
  op = Op("late", scope, Nothing, &ran);
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  op = Op("outside", NULL, Nothing, &outside);
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  EXPECT(tenter_scope_wait(context, scope, NULL, 0, &count, &error) == TENTER_OK && count == 0);
  EXPECT(tenter_wait_for_all(context, engine, NULL, 0, &count, &error) == TENTER_OK && count == 0);
  EXPECT(ran == 0 && outside == 1);
  EXPECT(b.before == TENTER_OK && b.after == (workers > 0 ? TENTER_STOPPED : TENTER_OK));
  EXPECT(tenter_engine_get_counts(context, engine, &counts, &error) == TENTER_OK);
  EXPECT(counts.cancelled == (workers > 0 ? 2 : 1));
  EXPECT(tenter_scope_free(context, scope, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  sem_destroy(&b.started);
  sem_destroy(&b.woken);
  return 0;
}

/* A body hears of the deadline of its scope, and of its own. */
static int TestTimeout(tenter_context* context, int workers) {
  tenter_engine engine = NULL;
  tenter_scope scope = NULL;
  tenter_error error;
  blocked b;
  int own;
  EXPECT(Make(context, workers, &engine, &scope) == 0);
  EXPECT(tenter_scope_set_timeout(context, scope, 0, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(tenter_scope_set_timeout(context, scope, 1000 * 1000, &error) == TENTER_OK);
  EXPECT(tenter_scope_set_timeout(context, scope, 1000 * 1000, &error) == TENTER_INVALID_ARGUMENT);
  for (own = 0; own <= 1; ++own) {
    tenter_op op = Op("waits for its deadline", own ? NULL : scope, Block, &b);
    size_t count = 0;
    memset(&b, 0, sizeof(b));
    EXPECT(sem_init(&b.started, 0, 0) == 0 && sem_init(&b.woken, 0, 0) == 0);
    if (own) op.timeout_ns = 1000 * 1000;
    EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
    EXPECT(tenter_wait_for_all(context, engine, NULL, 0, &count, &error) == TENTER_OK);
    EXPECT(b.after == TENTER_DEADLINE_EXCEEDED || b.before == TENTER_DEADLINE_EXCEEDED ||
           sem_trywait(&b.started) != 0); /* or it came before the body */
    sem_destroy(&b.started);
    sem_destroy(&b.woken);
  }
  EXPECT(tenter_scope_free(context, scope, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* An op that frees its own scope, and waits for it. */
typedef struct inside {
  tenter_context* context;
  tenter_scope scope;
  tenter_code freed, waited;
} inside;

static tenter_code FreeScope(void* arg, const tenter_op_context* context, tenter_error* error) {
  inside* i = arg;
  size_t count = 0;
  (void)context;
  i->freed = tenter_scope_free(i->context, i->scope, error);
  i->waited = tenter_scope_wait(i->context, i->scope, NULL, 0, &count, error);
  return TENTER_OK;
}

static int TestRefusals(tenter_context* context, int workers) {
  tenter_engine engine = NULL, other = NULL;
  tenter_scope scope = NULL, others = NULL;
  tenter_recording recording = NULL;
  tenter_error error;
  tenter_op op;
  inside i = {0};
  size_t count = 0;
  EXPECT(Make(context, workers, &engine, &scope) == 0);
  EXPECT(Make(context, workers, &other, &others) == 0);
  op = Op("op", others, Nothing, NULL);
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(strstr(error.message, "another engine") != NULL);
  EXPECT(tenter_scope_free(context, others, &error) == TENTER_OK);
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_STALE_HANDLE);
  EXPECT(strstr(error.message, "is no scope") != NULL);
  EXPECT(tenter_scope_wait(context, others, NULL, 0, &count, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_scope_cancel(context, NULL, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_scope_free(context, NULL, &error) == TENTER_OK);
  EXPECT(tenter_recording_create(context, &recording, &error) == TENTER_OK);
  op.scope = scope;
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_INVALID_ARGUMENT);

  i.context = context;
  i.scope = scope;
  op = Op("frees its scope", scope, FreeScope, &i);
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  EXPECT(tenter_scope_wait(context, scope, NULL, 0, &count, &error) == TENTER_OK);
  EXPECT(i.freed == TENTER_WAIT_INSIDE_OP && i.waited == TENTER_WAIT_INSIDE_OP);
  /* A scope keeps its engine. */
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  EXPECT(tenter_scope_wait(context, scope, NULL, 0, &count, &error) == TENTER_OK && count == 0);
  EXPECT(tenter_scope_free(context, scope, &error) == TENTER_OK);
  EXPECT(tenter_scope_free(context, scope, &error) == TENTER_STALE_HANDLE);
  EXPECT(tenter_recording_free(context, recording, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, other, &error) == TENTER_OK);
  return 0;
}

/* Ops of a bulk and of a replay are in a scope as others are. */
static int TestGroups(tenter_context* context, int workers) {
  tenter_failure failures[4] = {{0}};
  tenter_recording recording = NULL;
  tenter_program program = NULL;
  tenter_engine engine = NULL;
  tenter_scope scope = NULL;
  tenter_bulk bulk = NULL;
  tenter_error error;
  tenter_op op = Op("of a bulk", NULL, Fail, NULL);
  size_t count = 0;
  EXPECT(Make(context, workers, &engine, &scope) == 0);
  EXPECT(tenter_bulk_create(context, engine, 0, &bulk, &error) == TENTER_OK);
  op.scope = scope;
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  op = Op("of a program", NULL, Fail, NULL);
  EXPECT(tenter_recording_create(context, &recording, &error) == TENTER_OK);
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  EXPECT(tenter_capture(context, engine, recording, &program, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, scope, NULL, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, NULL, NULL, &error) == TENTER_OK);
  EXPECT(tenter_scope_wait(context, scope, failures, 4, &count, &error) == TENTER_OK);
  EXPECT(count == 2 && strcmp(failures[0].op, "of a bulk") == 0);
  EXPECT(strcmp(failures[1].op, "of a program") == 0);
  EXPECT(tenter_wait_for_all(context, engine, failures, 4, &count, &error) == TENTER_OK);
  EXPECT(count == 1);
  /* What a bulk still holds is waited for when its scope goes. */
  op = Op("held", scope, Nothing, &(int){0});
  EXPECT(tenter_bulk_push(context, bulk, &op, &error) == TENTER_OK);
  EXPECT(tenter_scope_free(context, scope, &error) == TENTER_OK);
  EXPECT(tenter_program_free(context, program, &error) == TENTER_OK);
  EXPECT(tenter_recording_free(context, recording, &error) == TENTER_OK);
  EXPECT(tenter_bulk_free(context, bulk, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

/* A time-out that is longer than a clock counts never ends, whoever has it. */
static int TestEndlessTimeouts(tenter_context* context, int workers) {
  tenter_recording recording = NULL;
  tenter_program program = NULL;
  tenter_engine engine = NULL;
  tenter_scope scope = NULL;
  tenter_error error;
  size_t count = 0;
  int ran = 0;
  tenter_op op = Op("in no hurry", NULL, Nothing, &ran);
  EXPECT(Make(context, workers, &engine, &scope) == 0);
  EXPECT(tenter_scope_set_timeout(context, scope, INT64_MAX, &error) == TENTER_OK);
  op.timeout_ns = INT64_MAX;
  EXPECT(tenter_recording_create(context, &recording, &error) == TENTER_OK);
  EXPECT(tenter_recording_push(context, recording, &op, &error) == TENTER_OK);
  EXPECT(tenter_capture(context, engine, recording, &program, &error) == TENTER_OK);
  EXPECT(tenter_replay(context, program, scope, NULL, &error) == TENTER_OK);
  EXPECT(tenter_scope_wait(context, scope, NULL, 0, &count, &error) == TENTER_OK && count == 0);
  op.scope = scope;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  EXPECT(tenter_scope_wait(context, scope, NULL, 0, &count, &error) == TENTER_OK && count == 0);
  EXPECT(ran == 2);
  EXPECT(tenter_scope_free(context, scope, &error) == TENTER_OK);
  EXPECT(tenter_program_free(context, program, &error) == TENTER_OK);
  EXPECT(tenter_recording_free(context, recording, &error) == TENTER_OK);
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

int main(void) {
  static const engine_test tests[6] = {TestShortArrays, TestCancel, TestTimeout,
                                       TestRefusals,    TestGroups, TestEndlessTimeouts};
  return RunOnEachEngine(tests, 6);
}
