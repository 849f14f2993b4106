/* Traces from C99, on both engines: what is in them, and who keeps them. Exits 0 when every answer
 * is as promised. */
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

/* Two ops, one behind the other. */
static int PushPair(tenter_context* context, tenter_engine engine) {
  tenter_error error;
  tenter_var a;
  tenter_op op;
  memset(&op, 0, sizeof(op));
  EXPECT(tenter_var_create(context, engine, &a, &error) == TENTER_OK);
  op.name = "first \"one\"";
  op.writes = &a;
  op.write_count = 1;
  op.run = Nothing;
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  op.name = "second";
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  return 0;
}

/* A trace is read beside its engine, after it, and in parts when the buffer is small. */
static int TestTrace(tenter_context* context, int workers) {
  tenter_engine_options options;
  tenter_engine engine = NULL, other = NULL;
  tenter_trace trace = NULL;
  tenter_error error;
  char text[4096], cut[16];
  size_t empty = 0, needed = 0;
  memset(&options, 0, sizeof(options));
  options.workers = workers;
  EXPECT(tenter_trace_create(context, &trace, &error) == TENTER_OK);
  EXPECT(tenter_trace_json(context, trace, NULL, 0, &empty, &error) == TENTER_OK);
  EXPECT(tenter_trace_json(context, trace, NULL, 9, NULL, &error) == TENTER_INVALID_ARGUMENT);
  options.trace = trace;
  EXPECT(tenter_engine_create(context, &options, &engine, &error) == TENTER_OK);
  EXPECT(tenter_engine_create(context, &options, &other, &error) == TENTER_INVALID_ARGUMENT);
  EXPECT(strstr(error.message, "belongs to another engine") != NULL);
  EXPECT(PushPair(context, engine) == 0);
  EXPECT(tenter_trace_json(context, trace, text, sizeof(text), NULL, &error) == TENTER_OK);
  EXPECT(text[0] == '{');
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);

  EXPECT(tenter_trace_json(context, trace, text, sizeof(text), &needed, &error) == TENTER_OK);
  EXPECT(needed == strlen(text) + 1 && needed > empty);
  EXPECT(strstr(text, "\"dropped_events\":0") != NULL);
  EXPECT(strstr(text, "\"name\":\"first \\\"one\\\"\"") != NULL);
  EXPECT(strstr(text, "\"name\":\"second\"") != NULL && strstr(text, "\"push\":2}") != NULL);
  EXPECT(tenter_trace_json(context, trace, cut, sizeof(cut), &needed, &error) == TENTER_OK);
  EXPECT(needed == strlen(text) + 1 && strlen(cut) == sizeof(cut) - 1);
  EXPECT(strncmp(cut, text, strlen(cut)) == 0);
  EXPECT(tenter_trace_free(context, trace, &error) == TENTER_OK);
  EXPECT(tenter_trace_json(context, trace, text, sizeof(text), NULL, &error) ==
         TENTER_STALE_HANDLE);
  EXPECT(tenter_engine_create(context, &options, &engine, &error) == TENTER_STALE_HANDLE);
  EXPECT(strstr(error.message, "is no trace") != NULL);
  return 0;
}

/* An engine keeps its trace, also when both go with the context, in whatever order. */
static int TestFreedFirst(tenter_context* unused, int workers) {
  tenter_engine_options options;
  tenter_context* context = NULL;
  tenter_engine engine = NULL;
  tenter_error error;
  (void)unused;
  memset(&options, 0, sizeof(options));
  options.workers = workers;
  EXPECT(tenter_context_create(NULL, &context, &error) == TENTER_OK);
  EXPECT(tenter_trace_create(context, &options.trace, &error) == TENTER_OK);
  EXPECT(tenter_engine_create(context, &options, &engine, &error) == TENTER_OK);
  EXPECT(PushPair(context, engine) == 0);
  EXPECT(tenter_trace_free(context, options.trace, &error) == TENTER_OK);
  EXPECT(PushPair(context, engine) == 0);
  tenter_context_free(context);
  return 0;
}

int main(void) {
  static const engine_test tests[2] = {TestTrace, TestFreedFirst};
  return RunOnEachEngine(tests, 2);
}
