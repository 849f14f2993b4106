/* Loads a plugin that uses the library, runs it, and unloads both, 20 times: nothing of them stays. A
 * thread that was in the plugin ends when it is gone, and the process forks then. */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPECT(condition)                                                        \
  do {                                                                           \
    if (!(condition)) {                                                          \
      fprintf(stderr, "%d: expected %s, %s\n", __LINE__, #condition, dlerror()); \
      return 1;                                                                  \
    }                                                                            \
  } while (0)

typedef struct {
  int (*run)(void);
  int result;
  sem_t ran, unloaded;
} Guest;

static void* RunAndStay(void* arg) {
  Guest* guest = arg;
  guest->result = guest->run();
  sem_post(&guest->ran);
  sem_wait(&guest->unloaded);
  return NULL;
}

static void* Nothing(void* arg) { return arg; }

static int CountThreads(void) {
  DIR* tasks = opendir("/proc/self/task");
  int count = 0;
  for (struct dirent* task; (task = readdir(tasks)) != NULL;) count += task->d_name[0] != '.';
  closedir(tasks);
  return count;
}

static int Unload(const char* plugin, const char* symbol) {
  Guest guest;
  pthread_t thread;
  void* loaded = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  EXPECT(loaded != NULL);
  void* found = dlsym(loaded, symbol);
  EXPECT(found != NULL);
  memcpy(&guest.run, &found, sizeof(found)); /* C knows no conversion */
  EXPECT(sem_init(&guest.ran, 0, 0) == 0 && sem_init(&guest.unloaded, 0, 0) == 0);
  EXPECT(pthread_create(&thread, NULL, RunAndStay, &guest) == 0);
  EXPECT(sem_wait(&guest.ran) == 0 && guest.result == 0 && guest.run() == 0);
  EXPECT(dlclose(loaded) == 0);
  EXPECT(dlopen("libtenter.so.0", RTLD_NOW | RTLD_NOLOAD) == NULL);
  EXPECT(sem_post(&guest.unloaded) == 0 && pthread_join(thread, NULL) == 0);
  pid_t child = fork();
  if (child == 0) _exit(0);
  int status = 1;
  EXPECT(waitpid(child, &status, 0) == child && status == 0);
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  /* With the first thread ThreadSanitizer starts one of its own. */
  pthread_t first;
  EXPECT(pthread_create(&first, NULL, Nothing, NULL) == 0 && pthread_join(first, NULL) == 0);
  const int before = CountThreads();
  for (int i = 0; i < 20; ++i) {
    if (Unload(argv[1], argv[2]) != 0) return 1;
    /* A joined thread may take the kernel a moment to disappear. */
    for (int looks = 0; CountThreads() > before && looks < 1000000; ++looks) sched_yield();
    EXPECT(CountThreads() == before);
  }
  fprintf(stderr, "unloaded 20 times\n");
  return 0;
}
