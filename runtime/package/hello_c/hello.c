/* An op that fails: whoever waits for what it writes gets its code and its message. */
#include <stdio.h>
#include <tenter/tenter.h>

static tenter_code Load(void* arg, const tenter_op_context* context, tenter_error* error) {
  snprintf(error->message, sizeof(error->message), "%s: no %s", context->name, (const char*)arg);
  return TENTER_NOT_FOUND;
}

int main(void) {
  char file[] = "samples.csv";
  tenter_error error = {0};
  tenter_context* context = NULL;
  tenter_engine engine = NULL;
  tenter_var samples;
  tenter_op load = {0};
  load.name = "load", load.run = Load, load.arg = file;
  load.writes = &samples, load.write_count = 1;
  tenter_code code = tenter_context_create(NULL, &context, &error);
  if (code == TENTER_OK) code = tenter_engine_create(context, NULL, &engine, &error);
  if (code == TENTER_OK) code = tenter_var_create(context, engine, &samples, &error);
  if (code == TENTER_OK) code = tenter_push(context, engine, &load, NULL, &error);
  if (code == TENTER_OK) code = tenter_wait_for_var(context, engine, samples, NULL, &error);
  printf("%s: %s\n", tenter_code_name(code), error.message);
  tenter_context_free(context);
  return code == TENTER_NOT_FOUND ? 0 : 1;
}
