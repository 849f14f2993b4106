/* A trace of a small pipeline, as a file for chrome://tracing or Perfetto: one row per worker, one
 * bar per op, an arrow from each op to those that it let go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/capi/tenter/tenter.h"

static tenter_code Work(void* arg, const tenter_op_context* context, tenter_error* error) {
  double* sum = arg;
  int i;
  (void)context;
  (void)error;
  for (i = 1; i < 100 * 1000; ++i) *sum += 1.0 / i;
  return TENTER_OK;
}

static void Must(tenter_code code, const tenter_error* error) {
  if (code == TENTER_OK) return;
  fprintf(stderr, "%s: %s\n", tenter_code_name(code), error->message);
  exit(1);
}

/* The whole trace, to be freed by the caller. */
static char* Json(tenter_context* context, tenter_trace trace) {
  tenter_error error;
  char* text;
  size_t needed = 0;
  Must(tenter_trace_json(context, trace, NULL, 0, &needed, &error), &error);
  text = malloc(needed);
  if (text == NULL) exit(1);
  Must(tenter_trace_json(context, trace, text, needed, NULL, &error), &error);
  return text;
}

/* Writes the trace to the file that is named, or else to the standard output. */
int main(int argc, char** argv) {
  tenter_engine_options options = {0};
  tenter_context* context = NULL;
  tenter_engine engine = NULL;
  tenter_trace trace = NULL;
  tenter_bulk bulk = NULL;
  tenter_var vars[3];
  tenter_error error;
  double sums[3] = {0, 0, 0};
  FILE* out;
  char* json;
  int i, found;

  Must(tenter_context_create(NULL, &context, &error), &error);
  Must(tenter_trace_create(context, &trace, &error), &error);
  options.workers = 2;
  options.pin_workers = 1;
  options.trace = trace;
  Must(tenter_engine_create(context, &options, &engine, &error), &error);
  /* Two halves side by side, and an op that joins them; small ops go in a group. */
  Must(tenter_bulk_create(context, engine, 0, &bulk, &error), &error);
  for (i = 0; i < 3; ++i) Must(tenter_var_create(context, engine, &vars[i], &error), &error);
  for (i = 0; i < 3; ++i) {
    tenter_op op = {0};
    op.name = i < 2 ? "half" : "join", op.run = Work, op.arg = &sums[i];
    op.reads = vars, op.read_count = i < 2 ? 0 : 2;
    op.writes = &vars[i], op.write_count = 1;
    if (i < 2)
      Must(tenter_push(context, engine, &op, NULL, &error), &error);
    else
      Must(tenter_bulk_push(context, bulk, &op, &error), &error);
  }
  Must(tenter_bulk_flush(context, bulk, &error), &error);
  Must(tenter_bulk_free(context, bulk, &error), &error);
  Must(tenter_engine_free(context, engine, &error), &error); /* ends it: the trace is complete */

  json = Json(context, trace);
  out = argc > 1 ? fopen(argv[1], "w") : stdout;
  if (out == NULL || fputs(json, out) < 0 || (out != stdout && fclose(out) != 0)) return 1;
  found = strstr(json, "\"name\":\"join\"") != NULL && strstr(json, "\"dropped_events\":0") != NULL;
  free(json);
  tenter_context_free(context);
  return found ? 0 : 1;
}
