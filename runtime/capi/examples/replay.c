/* A step that is repeated many times: recorded once, captured, and replayed. The dependencies
 * between its ops are found at the capture, so a replay costs less than as many pushes. In one
 * round an op fails; the next round heals. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/capi/tenter/tenter.h"

#define ROUNDS 1000

typedef struct model {
  double weight, gradient;
  int rounds, bad_round, released;
} model;

static tenter_code Forward(void* arg, const tenter_op_context* context, tenter_error* error) {
  model* m = arg;
  (void)context;
  if (m->rounds++ == m->bad_round) {
    snprintf(error->message, sizeof(error->message), "no batch in round %d", m->bad_round);
    return TENTER_OUT_OF_RANGE;
  }
  m->gradient = m->weight - 3; /* of (weight - 3)^2 / 2 */
  return TENTER_OK;
}

static tenter_code Update(void* arg, const tenter_op_context* context, tenter_error* error) {
  model* m = arg;
  (void)context;
  (void)error;
  m->weight -= 0.1 * m->gradient;
  return TENTER_OK;
}

/* The value is that of the round before, since `update` was skipped: all that is to do is to say
 * that it is good. */
static tenter_code Restore(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  (void)context;
  (void)error;
  return TENTER_OK;
}

static void Release(void* arg) { ++((model*)arg)->released; }

static void Must(tenter_code code, const tenter_error* error) {
  if (code == TENTER_OK) return;
  fprintf(stderr, "%s: %s\n", tenter_code_name(code), error->message);
  exit(1);
}

int main(void) {
  model m = {0, 0, 0, 500, 0};
  tenter_engine_options options = {0};
  tenter_context* context = NULL;
  tenter_engine engine = NULL;
  tenter_recording recording = NULL;
  tenter_program program = NULL;
  tenter_var weight, gradient;
  tenter_op forward = {0}, update = {0}, restore = {0};
  tenter_failure failure = {0};
  tenter_error error;
  uint64_t first = 0;
  size_t failures = 0;
  int round;

  Must(tenter_context_create(NULL, &context, &error), &error);
  options.workers = 2;
  Must(tenter_engine_create(context, &options, &engine, &error), &error);
  Must(tenter_var_create(context, engine, &weight, &error), &error);
  Must(tenter_var_create(context, engine, &gradient, &error), &error);

  forward.name = "forward", forward.run = Forward;
  forward.reads = &weight, forward.read_count = 1;
  forward.writes = &gradient, forward.write_count = 1;
  update.name = "update", update.run = Update;
  update.reads = &gradient, update.read_count = 1;
  update.writes = &weight, update.write_count = 1;
  forward.arg = update.arg = &m;
  forward.release = update.release = Release;

  Must(tenter_recording_create(context, &recording, &error), &error);
  Must(tenter_recording_push(context, recording, &forward, &error), &error);
  Must(tenter_recording_push(context, recording, &update, &error), &error);
  Must(tenter_capture(context, engine, recording, &program, &error), &error);
  Must(tenter_recording_free(context, recording, &error), &error);

  for (round = 0; round < m.bad_round; ++round)
    Must(tenter_replay(context, program, NULL, NULL, &error), &error);
  /* In this round `forward` fails: `update` is skipped, and poisons the weight that it writes. */
  Must(tenter_replay(context, program, NULL, &first, &error), &error);
  if (tenter_wait_for_var(context, engine, weight, &failure, &error) != TENTER_OUT_OF_RANGE)
    return 1;
  printf("op '%s' (push %d, replay from %d) failed: %s\n", failure.op, (int)failure.push_number,
         (int)first, error.message);
  /* The weight is an input too, so no replay heals it; an op that only writes it does. */
  restore.name = "restore", restore.run = Restore;
  restore.writes = &weight, restore.write_count = 1;
  Must(tenter_push(context, engine, &restore, NULL, &error), &error);
  for (++round; round < ROUNDS; ++round)
    Must(tenter_replay(context, program, NULL, NULL, &error), &error);
  Must(tenter_wait_for_var(context, engine, weight, NULL, &error), &error);
  Must(tenter_wait_for_all(context, engine, &failure, 1, &failures, &error), &error);
  printf("%d rounds, %d failure, weight %.3f\n", m.rounds, (int)failures, m.weight);

  Must(tenter_program_free(context, program, &error), &error);
  tenter_context_free(context);
  printf("%d ops released\n", m.released);
  return m.rounds == ROUNDS && failures == 1 && m.released == 2 && m.weight > 2.999 ? 0 : 1;
}
