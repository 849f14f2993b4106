/* A pipeline of three ops over three vars: the engine finds who must wait for whom. Then one op
 * fails: its output and what depends on it are poisoned, nothing else, and a new write heals.
 *
 *     load -> [samples] -> scale -> [scaled] -> sum -> [total] */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/capi/tenter/tenter.h"

#define COUNT 4

typedef struct pipeline {
  double factor, samples[COUNT], scaled[COUNT], total;
} pipeline;

static tenter_code Load(void* arg, const tenter_op_context* context, tenter_error* error) {
  int i;
  (void)context;
  (void)error;
  for (i = 0; i < COUNT; ++i) ((pipeline*)arg)->samples[i] = i + 1;
  return TENTER_OK;
}

static tenter_code Scale(void* arg, const tenter_op_context* context, tenter_error* error) {
  pipeline* p = arg;
  int i;
  (void)context;
  if (p->factor <= 0) {
    snprintf(error->message, sizeof(error->message), "the factor must be positive, found %g",
             p->factor);
    return TENTER_INVALID_ARGUMENT;
  }
  for (i = 0; i < COUNT; ++i) p->scaled[i] = p->factor * p->samples[i];
  return TENTER_OK;
}

static tenter_code Sum(void* arg, const tenter_op_context* context, tenter_error* error) {
  pipeline* p = arg;
  int i;
  (void)context;
  (void)error;
  p->total = 0;
  for (i = 0; i < COUNT; ++i) p->total += p->scaled[i];
  return TENTER_OK;
}

static void Must(tenter_code code, const tenter_error* error) {
  if (code == TENTER_OK) return;
  fprintf(stderr, "%s: %s\n", tenter_code_name(code), error->message);
  exit(1);
}

int main(void) {
  pipeline p = {2.0, {0}, {0}, 0};
  tenter_engine_options options = {0};
  tenter_context* context = NULL;
  tenter_engine engine = NULL;
  tenter_var samples, scaled, total;
  tenter_op load = {0}, scale = {0}, sum = {0};
  tenter_failure failure = {0};
  tenter_error error;
  size_t failures = 0;

  Must(tenter_context_create(NULL, &context, &error), &error);
  options.workers = 2;
  Must(tenter_engine_create(context, &options, &engine, &error), &error);
  Must(tenter_var_create(context, engine, &samples, &error), &error);
  Must(tenter_var_create(context, engine, &scaled, &error), &error);
  Must(tenter_var_create(context, engine, &total, &error), &error);

  load.name = "load", load.run = Load;
  load.writes = &samples, load.write_count = 1;
  scale.name = "scale", scale.run = Scale;
  scale.reads = &samples, scale.read_count = 1;
  scale.writes = &scaled, scale.write_count = 1;
  sum.name = "sum", sum.run = Sum;
  sum.reads = &scaled, sum.read_count = 1;
  sum.writes = &total, sum.write_count = 1;
  load.arg = scale.arg = sum.arg = &p;

  Must(tenter_push(context, engine, &load, NULL, &error), &error);
  Must(tenter_push(context, engine, &scale, NULL, &error), &error);
  Must(tenter_push(context, engine, &sum, NULL, &error), &error);
  Must(tenter_wait_for_var(context, engine, total, NULL, &error), &error);
  printf("total %g\n", p.total);

  /* Nobody uses the factor now: the last wait saw the end of `sum`, and so of `scale`. */
  p.factor = -1;
  Must(tenter_push(context, engine, &scale, NULL, &error), &error);
  Must(tenter_push(context, engine, &sum, NULL, &error), &error);
  if (tenter_wait_for_var(context, engine, total, &failure, &error) != TENTER_INVALID_ARGUMENT)
    return 1;
  printf("no total: op '%s' (push %d) failed: %s\n", failure.op, (int)failure.push_number,
         error.message);
  Must(tenter_wait_for_var(context, engine, samples, NULL, &error), &error); /* still good */

  p.factor = 3;
  Must(tenter_push(context, engine, &scale, NULL, &error), &error); /* a plain write heals */
  Must(tenter_push(context, engine, &sum, NULL, &error), &error);
  Must(tenter_wait_for_var(context, engine, total, NULL, &error), &error);
  printf("total %g\n", p.total);

  /* Each failure is reported here exactly once, whoever has seen it before. */
  Must(tenter_wait_for_all(context, engine, &failure, 1, &failures, &error), &error);
  printf("%d failure: op '%s'\n", (int)failures, failure.op);
  tenter_context_free(context);
  return p.total == 30 && failures == 1 ? 0 : 1;
}
