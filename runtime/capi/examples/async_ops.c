/* Ops that end later, on a thread that is not the engine's: here a "device" with a queue of its
 * own. One transfer succeeds, one ends with an error, one is never answered and runs into its
 * deadline. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/capi/tenter/tenter.h"

typedef struct transfer {
  const char* wanted; /* NULL: no answer; "": success; else the error */
  tenter_completion* completion;
  struct transfer* next;
} transfer;

/* The device: a list under a lock, and the thread that empties it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static transfer* queue = NULL;
static int closed = 0;

static void* Device(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  while (queue != NULL || !closed) {
    transfer* t = queue;
    if (t == NULL) {
      pthread_cond_wait(&changed, &mutex);
      continue;
    }
    queue = t->next;
    if (t->wanted == NULL) continue; /* lost: main ends it */
    pthread_mutex_unlock(&mutex);
    if (t->wanted[0] == '\0')
      tenter_completion_done(t->completion);
    else
      tenter_completion_fail(t->completion, TENTER_DATA_LOSS, t->wanted);
    pthread_mutex_lock(&mutex);
  }
  pthread_mutex_unlock(&mutex);
  return NULL;
}

/* The body only starts the transfer: no worker is blocked while the device is busy. */
static void Start(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  transfer* t = arg;
  (void)context;
  pthread_mutex_lock(&mutex);
  t->completion = completion;
  t->next = queue;
  queue = t;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
}

static void Must(tenter_code code, const tenter_error* error) {
  if (code == TENTER_OK) return;
  fprintf(stderr, "%s: %s\n", tenter_code_name(code), error->message);
  exit(1);
}

int main(void) {
  static const char* const names[3] = {"copy", "copy of a bad page", "copy that hangs"};
  static const tenter_code expected[3] = {TENTER_OK, TENTER_DATA_LOSS, TENTER_DEADLINE_EXCEEDED};
  transfer transfers[3] = {{"", NULL, NULL}, {"page 7 is unreadable", NULL, NULL}, {0}};
  tenter_engine_options options = {0};
  tenter_context* context = NULL;
  tenter_engine engine = NULL;
  tenter_var vars[3];
  tenter_failure failure = {0};
  tenter_error error;
  pthread_t device;
  int i, wrong = 0;

  if (pthread_create(&device, NULL, Device, NULL) != 0) return 1;
  Must(tenter_context_create(NULL, &context, &error), &error);
  options.workers = 1;
  Must(tenter_engine_create(context, &options, &engine, &error), &error);
  for (i = 0; i < 3; ++i) {
    tenter_op op = {0};
    Must(tenter_var_create(context, engine, &vars[i], &error), &error);
    op.name = names[i];
    op.writes = &vars[i];
    op.write_count = 1;
    op.run_async = Start;
    op.arg = &transfers[i];
    op.timeout_ns = transfers[i].wanted == NULL ? 50 * 1000 * 1000 : 0;
    Must(tenter_push(context, engine, &op, NULL, &error), &error);
  }
  for (i = 0; i < 3; ++i) {
    const tenter_code code = tenter_wait_for_var(context, engine, vars[i], &failure, &error);
    if (code == TENTER_OK)
      printf("%s: done\n", names[i]);
    else
      printf("%s: %s (%s): %s\n", names[i], tenter_code_name(code), failure.place, error.message);
    wrong += code != expected[i];
  }

  pthread_mutex_lock(&mutex);
  closed = 1;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
  pthread_join(device, NULL);
  /* The op has failed, but its handle exists: drop it, or the engine waits for it for ever. */
  tenter_completion_drop(transfers[2].completion);
  tenter_context_free(context);
  return wrong;
}
