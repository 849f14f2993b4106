// Progress: how far a workload is, for the person who waits and for the watchdog.
//
// Thread safety: any thread.
// Ownership and lifetime: one per run.
// Invariants: `done` only grows; a workload that does not move it for longer than the watchdog
//    allows is stuck.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "harness/workloads/phase.h"
#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"

namespace tenter {

class Progress {
 public:
  // `total` steps of `what` ("inferences") are ahead.
  void Begin(std::string what, uint64_t total) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    what_ = std::move(what);
    total_ = total;
  }
  void Step(uint64_t steps = 1) { done_.FetchAdd(steps, kRelaxed); }

  uint64_t done() const { return done_.Load(kRelaxed); }
  uint64_t total() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return total_;
  }
  std::string what() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return what_;
  }

  // What is under way beside the steps.
  Phases& phases() { return phases_; }
  const Phases& phases() const { return phases_; }

  // Who waits for what, asked by the watchdog when nothing moves. `describe` must stay valid
  // until the next call with another or with null.
  void SetDescribe(std::function<std::string()> describe) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    describe_ = std::move(describe);
  }
  std::string Describe() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return describe_ == nullptr ? "" : describe_();
  }

  // Which contract it breaks that nothing moves, asked by the watchdog then; valid as `describe`.
  void SetSuspect(std::function<std::string_view()> suspect) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    suspect_ = std::move(suspect);
  }
  std::string_view Suspect() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return suspect_ == nullptr ? std::string_view() : suspect_();
  }

 private:
  Atomic<uint64_t> done_ = 0;  // a count; orders nothing
  Phases phases_;
  mutable Mutex mutex_;
  std::string what_ GUARDED_BY(mutex_) = "steps";
  uint64_t total_ GUARDED_BY(mutex_) = 0;
  std::function<std::string()> describe_ GUARDED_BY(mutex_);
  std::function<std::string_view()> suspect_ GUARDED_BY(mutex_);
};

// Says who waits for what as long as it lives.
class Described {
 public:
  Described(Progress* progress, std::function<std::string()> describe) : progress_(progress) {
    progress_->SetDescribe(std::move(describe));
  }
  ~Described() { progress_->SetDescribe(nullptr); }
  Described(const Described&) = delete;
  Described& operator=(const Described&) = delete;

 private:
  Progress* const progress_;
};

}  // namespace tenter
