#include "bench/contender/mutex_pool.h"

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "runtime/base/mutex.h"
#include "runtime/base/status.h"
#include "runtime/base/thread.h"

namespace tenter::bench {
namespace {

class MutexPool final : public Contender {
 public:
  explicit MutexPool(int workers) : threads_(static_cast<size_t>(workers)) {
    for (size_t i = 0; i < threads_.size(); ++i) {
      const Status status = threads_[i].Start("pool" + std::to_string(i), [this] { Serve(); });
      if (!status.ok()) {
        Stop();
        throw StatusError(status);
      }
    }
  }
  ~MutexPool() override { Stop(); }

  Description description() const override { return {"mutex_pool", "mutex and queue", ""}; }
  Abilities abilities() const override { return {.dependencies = false}; }

  void Prepare(const Program&, Work& work) override { work_ = &work; }

  void Push(size_t first, size_t last) override EXCLUDES(mutex_) {
    for (size_t op = first; op < last; ++op) {
      {
        MutexLock lock(mutex_);
        queue_.emplace_back([work = work_] { work->Run(); });
        ++waiting_;
      }
      ready_.NotifyOne();
    }
  }

  void WaitAll() override EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (waiting_ != 0) idle_.Wait(mutex_);
  }

  void RoundTrip(size_t op) override {
    Push(op, op + 1);
    WaitAll();
  }

  void Clear() override {}

 private:
  void Serve() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (true) {
      while (queue_.empty() && !stopped_) ready_.Wait(mutex_);
      if (queue_.empty()) return;
      const std::function<void()> body = std::move(queue_.front());
      queue_.pop_front();
      mutex_.Unlock();
      body();
      mutex_.Lock();
      if (--waiting_ == 0) idle_.NotifyAll();
    }
  }

  void Stop() EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      stopped_ = true;
    }
    ready_.NotifyAll();
    for (Thread& thread : threads_) thread.Join();
  }

  Mutex mutex_;
  CondVar ready_, idle_;
  std::deque<std::function<void()>> queue_ GUARDED_BY(mutex_);
  size_t waiting_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
  Work* work_ = nullptr;
  std::vector<Thread> threads_;
};

}  // namespace

ContenderPtr MakeMutexPool(int workers) { return std::make_unique<MutexPool>(workers); }

}  // namespace tenter::bench
