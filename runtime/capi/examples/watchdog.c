/* An engine that is stuck, and a watchdog that says why: who runs, who waits for which var. Here an
 * op waits for a "gate" that nobody opens, until the watchdog has looked; and so that a person can
 * look too, `kill -USR1` makes the process write a dump. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/capi/tenter/tenter.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int entered = 0, opened = 0;

/* Prepared before the signal may come: a handler must not look up an engine, which may end it. */
static tenter_dump* dump = NULL;

static void OnSignal(int signal) {
  (void)signal;
  tenter_dump_write(dump, STDERR_FILENO);
}

static tenter_code WaitAtGate(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  (void)context;
  (void)error;
  pthread_mutex_lock(&mutex);
  entered = 1;
  pthread_cond_broadcast(&changed);
  while (!opened) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
  return TENTER_OK;
}

static tenter_code Nothing(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  (void)context;
  (void)error;
  return TENTER_OK;
}

static void Must(tenter_code code, const tenter_error* error) {
  if (code == TENTER_OK) return;
  fprintf(stderr, "%s: %s\n", tenter_code_name(code), error->message);
  exit(1);
}

/* The whole snapshot, to be freed by the caller. The engine may move while one asks, so the size is
 * asked for again until it fits. */
static char* Look(tenter_context* context, tenter_engine engine, tenter_snapshot_format format) {
  tenter_error error;
  char* text = NULL;
  size_t size = 0, needed = 1;
  while (needed > size) {
    size = needed;
    text = realloc(text, size);
    if (text == NULL) exit(1);
    Must(tenter_engine_snapshot(context, engine, format, text, size, &needed, &error), &error);
  }
  return text;
}

int main(void) {
  tenter_engine_options options = {0};
  tenter_context* context = NULL;
  tenter_engine engine = NULL;
  tenter_var input, output;
  tenter_op gate = {0}, after = {0};
  tenter_engine_counts before = {0}, now = {0};
  struct sigaction action = {0};
  tenter_error error;
  char *text, *json;
  int found;

  Must(tenter_context_create(NULL, &context, &error), &error);
  options.workers = 1;
  Must(tenter_engine_create(context, &options, &engine, &error), &error);
  Must(tenter_dump_prepare(context, engine, &dump, &error), &error);
  action.sa_handler = OnSignal;
  if (sigaction(SIGUSR1, &action, NULL) != 0) return 1;
  Must(tenter_var_create(context, engine, &input, &error), &error);
  Must(tenter_var_create(context, engine, &output, &error), &error);
  gate.name = "wait at the gate", gate.run = WaitAtGate;
  gate.writes = &input, gate.write_count = 1;
  after.name = "after the gate", after.run = Nothing;
  after.reads = &input, after.read_count = 1;
  after.writes = &output, after.write_count = 1;
  Must(tenter_push(context, engine, &gate, NULL, &error), &error);
  Must(tenter_push(context, engine, &after, NULL, &error), &error);
  pthread_mutex_lock(&mutex);
  while (!entered) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);

  /* A watchdog asks from time to time: is something alive, and has nothing ended since then? */
  Must(tenter_engine_get_counts(context, engine, &before, &error), &error);
  Must(tenter_engine_get_counts(context, engine, &now, &error), &error);
  if (now.live_ops == 0 || now.pushed - now.live_ops != before.pushed - before.live_ops) return 1;
  text = Look(context, engine, TENTER_SNAPSHOT_TEXT);
  json = Look(context, engine, TENTER_SNAPSHOT_JSON);
  printf("stuck:\n%s%s\n", text, json);
  found = strstr(text, "worker 0 runs 'wait at the gate'") != NULL &&
          strstr(text, "op 'after the gate' (push 2) waits for v0") != NULL && json[0] == '{';
  free(text);
  free(json);
  if (raise(SIGUSR1) != 0) return 1; /* as a person would, from outside */

  pthread_mutex_lock(&mutex);
  opened = 1;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  Must(tenter_wait_for_var(context, engine, output, NULL, &error), &error);
  signal(SIGUSR1, SIG_DFL); /* no handler may use the dump any more */
  tenter_dump_release(dump);
  tenter_context_free(context);
  return found ? 0 : 1;
}
