/* Dumps from C99, inside a real SIGUSR1 handler: on a thread that waits for nothing, on a worker
 * inside a body, and again and again on a thread that pushes. Exits 0 when every answer is as
 * promised. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/capi/contract/each_engine.h"
#include "runtime/capi/contract/expect.h"
#include "runtime/capi/tenter/tenter.h"

#define SIGNALS 500

static tenter_dump* dump = NULL; /* changed only while no signal is sent */
static int dump_fd = -1, null_fd = -1, pipe_fds[2];
static sem_t handled, started, sent; /* a handler ended, a body started, all signals were sent */

static void OnSignal(int signal) {
  (void)signal;
  tenter_dump_write(dump, dump_fd);
  sem_post(&handled);
}

static tenter_code Nothing(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  (void)context;
  (void)error;
  return TENTER_OK;
}

static tenter_code RaiseHere(void* arg, const tenter_op_context* context, tenter_error* error) {
  (void)arg;
  (void)context;
  (void)error;
  return pthread_kill(pthread_self(), SIGUSR1) == 0 ? TENTER_OK : TENTER_INTERNAL;
}

static void Keep(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  (void)context;
  *(tenter_completion**)arg = completion;
  sem_post(&started);
}

static int Make(tenter_context* context, int workers, tenter_engine* engine, tenter_var* var) {
  tenter_engine_options options;
  tenter_error error;
  memset(&options, 0, sizeof(options));
  options.workers = workers;
  EXPECT(tenter_engine_create(context, &options, engine, &error) == TENTER_OK);
  EXPECT(tenter_var_create(context, *engine, var, &error) == TENTER_OK);
  EXPECT(tenter_dump_prepare(context, *engine, &dump, &error) == TENTER_OK);
  return 0;
}

static tenter_op Op(const char* name, const tenter_var* var) {
  tenter_op op;
  memset(&op, 0, sizeof(op));
  op.name = name;
  op.writes = var;
  op.write_count = 1;
  op.run = Nothing;
  return op;
}

/* What came through the pipe since the last call. */
static const char* Text(int fd) {
  static char text[8192];
  const ssize_t size = read(fd, text, sizeof(text) - 1);
  text[size < 0 ? 0 : size] = '\0';
  return text;
}

/* The dump names what has started and what waits, and keeps errno. */
static int TestStuck(tenter_context* context, int workers, const int fd[2]) {
  tenter_completion* kept = NULL;
  tenter_engine engine = NULL;
  tenter_error error;
  tenter_var a;
  tenter_op op;
  const char* text;
  EXPECT(Make(context, workers, &engine, &a) == 0);
  op = Op("stuck", &a);
  op.run = NULL;
  op.run_async = Keep;
  op.arg = &kept;
  /* The naive engine would wait for the end of it: there, only an idle engine can be looked at. */
  if (workers > 0) EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  op = Op("behind it", &a);
  EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
  dump_fd = -1; /* refuses, and sets errno */
  errno = E2BIG;
  EXPECT(raise(SIGUSR1) == 0 && sem_wait(&handled) == 0);
  EXPECT(errno == E2BIG);
  dump_fd = fd[1];
  EXPECT(raise(SIGUSR1) == 0 && sem_wait(&handled) == 0);
  text = Text(fd[0]);
  if (workers > 0) {
    EXPECT(strstr(text, "threaded engine: ") != NULL && strstr(text, "2 live ops") != NULL);
    EXPECT(strstr(text, "op 'stuck' (push 1)") != NULL);
    EXPECT(strstr(text, "op 'behind it' (push 2) waits for 1 vars") != NULL);
    op = Op("second var", NULL);
    op.write_count = 0;
    op.run = RaiseHere;
    EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
    EXPECT(sem_wait(&handled) == 0); /* its op needs no var */
    EXPECT(strstr(Text(fd[0]), "runs 'second var'") != NULL);
  } else {
    EXPECT(strstr(text, "naive engine: 0 live ops") != NULL);
    op = Op("raises", &a);
    op.run = RaiseHere;
    EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
    EXPECT(strstr(Text(fd[0]), "op 'raises' (push 2) is running") != NULL);
  }
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  EXPECT(tenter_dump_prepare(context, engine, &dump, &error) == TENTER_STALE_HANDLE);
  EXPECT(raise(SIGUSR1) == 0 && sem_wait(&handled) == 0); /* the dump keeps the engine */
  EXPECT(strstr(Text(fd[0]), "engine: ") != NULL);
  if (workers > 0) {
    EXPECT(sem_wait(&started) == 0); /* the dump said so */
    tenter_completion_done(kept);
  }
  tenter_dump_release(dump);
  dump = NULL;
  EXPECT(raise(SIGUSR1) == 0 && sem_wait(&handled) == 0); /* a handler without a dump */
  tenter_dump_release(NULL);
  return 0;
}

static void* SendSignals(void* target) {
  int i;
  for (i = 0; i < SIGNALS; ++i) {
    pthread_kill(*(pthread_t*)target, SIGUSR1);
    sem_wait(&handled);
  }
  sem_post(&sent);
  return NULL;
}

/* A thread that is interrupted anywhere in a push or a wait goes on: a handler that waited for a
 * lock of its own thread would hang here. */
static int TestInterrupted(tenter_context* context, int workers) {
  tenter_engine engine = NULL;
  tenter_error error;
  tenter_var a;
  tenter_op op;
  pthread_t me = pthread_self(), sender;
  int i;
  EXPECT(Make(context, workers, &engine, &a) == 0);
  op = Op("op", &a);
  EXPECT(pthread_create(&sender, NULL, SendSignals, &me) == 0);
  while (sem_trywait(&sent) != 0) {
    for (i = 0; i < 100; ++i) EXPECT(tenter_push(context, engine, &op, NULL, &error) == TENTER_OK);
    EXPECT(tenter_wait_for_var(context, engine, a, NULL, &error) == TENTER_OK);
  }
  EXPECT(pthread_join(sender, NULL) == 0);
  tenter_dump_release(dump);
  dump = NULL;
  EXPECT(tenter_engine_free(context, engine, &error) == TENTER_OK);
  return 0;
}

static int TestDumps(tenter_context* context, int workers) {
  EXPECT(TestStuck(context, workers, pipe_fds) == 0);
  dump_fd = null_fd;
  EXPECT(TestInterrupted(context, workers) == 0);
  return 0;
}

int main(void) {
  static const engine_test tests[1] = {TestDumps};
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = OnSignal;
  EXPECT(sigaction(SIGUSR1, &action, NULL) == 0 && pipe(pipe_fds) == 0);
  EXPECT(fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK) == 0); /* nothing came: a failure, no hang */
  EXPECT(sem_init(&handled, 0, 0) == 0 && sem_init(&started, 0, 0) == 0);
  EXPECT(sem_init(&sent, 0, 0) == 0);
  null_fd = open("/dev/null", O_WRONLY);
  EXPECT(null_fd >= 0);
  return RunOnEachEngine(tests, 1);
}
