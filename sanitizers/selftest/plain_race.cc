// Must be reported: two threads add to one integer, each under a lock of its own, so that both
// locks are held and none of them protects anything.
#include <cstdio>

#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace {

void Add(tenter::Mutex* mutex, int* sum) {
  for (int i = 0; i < 1000; ++i) {
    tenter::MutexLock lock(*mutex);
    ++*sum;
  }
}

}  // namespace

int main() {
  int sum = 0;
  tenter::Mutex mutexes[2];
  {
    tenter::Thread threads[2];
    for (int i = 0; i < 2; ++i)
      if (!threads[i].Start("adder", [&, i] { Add(&mutexes[i], &sum); }).ok()) return 1;
  }
  std::printf("sum %d\n", sum);
  return 0;
}
