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
  // until the next call with another or with null, which waits until it is asked no more. It is
  // called without the lock: a target that never answers may be asked about all the same.
  void SetDescribe(std::function<std::string()> describe) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    describe_ = nullptr;
    if (asked_ > 0) AwaitAnswers();
    describe_ = std::move(describe);
  }
  std::string Describe() const EXCLUDES(mutex_) {
    std::function<std::string()> describe;
    {
      MutexLock lock(mutex_);
      if (describe_ == nullptr) return "";
      describe = describe_;
      ++asked_;
    }
    std::string text = describe();
    MutexLock lock(mutex_);
    --asked_;
    answered_.NotifyAll();
    return text;
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
  // A phase, so that a wait without end is no riddle.
  void AwaitAnswers() REQUIRES(mutex_) {
    const Phase describing(&phases_, "describing the engine", "");
    while (asked_ > 0) answered_.Wait(mutex_);
  }

  Atomic<uint64_t> done_ = 0;  // a count; orders nothing
  Phases phases_;
  mutable Mutex mutex_;
  std::string what_ GUARDED_BY(mutex_) = "steps";
  uint64_t total_ GUARDED_BY(mutex_) = 0;
  std::function<std::string()> describe_ GUARDED_BY(mutex_);
  mutable int asked_ GUARDED_BY(mutex_) = 0;  // calls of describe_ that have not returned
  mutable CondVar answered_;                  // when one has
  std::function<std::string_view()> suspect_ GUARDED_BY(mutex_);
};

// Says who waits for what as long as it lives. Its end waits until nobody is asking.
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
