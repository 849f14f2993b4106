#include "bench/measure/together.h"

#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/base/thrown.h"

namespace tenter::bench {
namespace {

// Where threads wait until all have been started.
class StartLine {
 public:
  void Await() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++waiting_;
    arrived_.NotifyOne();
    while (!open_) opened_.Wait(mutex_);
  }
  int64_t Open(int expected) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (waiting_ < expected) arrived_.Wait(mutex_);
    open_ = true;
    const int64_t now = NowNs();
    opened_.NotifyAll();
    return now;
  }

 private:
  Mutex mutex_;
  CondVar arrived_, opened_;
  int waiting_ GUARDED_BY(mutex_) = 0;
  bool open_ GUARDED_BY(mutex_) = false;
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
