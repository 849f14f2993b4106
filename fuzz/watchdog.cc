#include "fuzz/watchdog.h"

#include <utility>

#include "runtime/base/clock.h"

namespace tenter::fuzz {

Watchdog::Watchdog(int64_t limit_ns, std::function<void(const std::string&)> bite)
    : limit_ns_(limit_ns), bite_(std::move(bite)) {
  TENTER_CHECK(thread_.Start("watchdog", [this] { Watch(); }).ok(), "no thread for the watchdog");
}

Watchdog::~Watchdog() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.Join();
}

void Watchdog::Begin() {
  MutexLock lock(mutex_);
  deadline_ns_ = NowNs() + limit_ns_;
}

void Watchdog::SetEngine(const Engine* engine) {
  MutexLock lock(mutex_);
  engine_ = engine;
}

void Watchdog::Extend(int64_t by_ns) {
  MutexLock lock(mutex_);
  deadline_ns_ += by_ns;
}

void Watchdog::End() {
  MutexLock lock(mutex_);
  deadline_ns_ = 0;
  engine_ = nullptr;
}

void Watchdog::Watch() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    changed_.WaitFor(mutex_, limit_ns_ / 8);
    if (stopping_ || deadline_ns_ == 0 || NowNs() < deadline_ns_) continue;
    // An engine that holds its own lock forever cannot answer: the parent's deadline ends that.
    bite_(engine_ == nullptr ? "the engine is being destroyed" : engine_->Describe());
    return;
  }
}

}  // namespace tenter::fuzz
