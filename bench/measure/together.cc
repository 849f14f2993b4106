#include "bench/measure/together.h"

#include <utility>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/base/thrown.h"

namespace tenter::bench {
namespace {

// Where threads wait until all have been started. Without a lock: each would have to get it before
// it goes on, and behind those that already work the last of a thousand come minutes later.
class StartLine {
 public:
  void Await() {
    waiting_.FetchAdd(1, kRelease);
    waiting_.NotifyOne();
    while (open_.Load(kAcquire) == 0) open_.Wait(0, kAcquire);
  }
  int64_t Open(int expected) {
    for (int here = waiting_.Load(kAcquire); here < expected; here = waiting_.Load(kAcquire))
      waiting_.Wait(here, kAcquire);
    const int64_t now = NowNs();
    open_.Store(1, kRelease);
    open_.NotifyAll();
    return now;
  }

 private:
  Atomic<int> waiting_ = 0, open_ = 0;
};

// The first exception of any thread.
class FirstError {
 public:
  void Keep(Thrown thrown) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (!failed_) first_ = std::move(thrown);
    failed_ = true;
  }
  void Rethrow() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (failed_) first_.Rethrow();
  }

 private:
  Mutex mutex_;
  bool failed_ GUARDED_BY(mutex_) = false;
  Thrown first_ GUARDED_BY(mutex_);
};

}  // namespace

int64_t RunTogether(size_t count, const std::string& name,
                    const std::function<void(size_t)>& body) {
  StartLine line;
  FirstError error;
  std::vector<Thread> threads(count);
  int started = 0;
  for (size_t i = 0; i < count; ++i) {
    const Status status = threads[i].Start(name + std::to_string(i), [&, i] {
      line.Await();
      try {
        body(i);
      } catch (...) {
        error.Keep(Thrown::Current());
      }
    });
    if (!status.ok()) error.Keep(Thrown::FromStatus(status));
    started += status.ok();
  }
  const int64_t start = line.Open(started);
  for (Thread& thread : threads) thread.Join();
  error.Rethrow();
  return start;
}

}  // namespace tenter::bench
