#include "harness/run/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "harness/run/events.h"
#include "harness/run/results_file.h"
#include "harness/run/signals.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

constexpr int64_t kTickNs = 100 * kNsPerMs;  // at most ten progress events a second
// A model is loaded, compiled and asked for the answers of one thread before there is a first step;
// under a sanitizer that takes a large one minutes.
constexpr int64_t kSetUpTimes = 10;

}  // namespace

Watchdog::Watchdog(int64_t watchdog_ms, const Progress* progress, CheckBoard* board,
                   std::function<void()> finish, void (*spare)())
    : watchdog_ns_(watchdog_ms * kNsPerMs),
      progress_(progress),
      board_(board),
      finish_(std::move(finish)) {
  const Status status = thread_.Start("watchdog", [this, spare] {
    if (spare != nullptr) spare();
    Watch();
  });
  TENTER_CHECK(status.ok(), status.ToString());
}

Watchdog::~Watchdog() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.Join();
}

bool Watchdog::Sleep() {
  MutexLock lock(mutex_);
  if (!stopping_) changed_.WaitFor(mutex_, kTickNs);
  return !stopping_;
}

void Watchdog::Watch() {
  uint64_t done = progress_->done(), printed = ~uint64_t{0};
  int64_t moved_at = NowNs();
  bool begun = false;
  while (Sleep()) {
    const uint64_t now_done = progress_->done();
    if (now_done != printed) ResultsFile::PrintProgress(*progress_);
    printed = now_done;
    const bool now_begun = progress_->total() > 0;
    if (now_done != done || now_begun != begun) moved_at = NowNs();
    done = now_done;
    begun = now_begun;
    if (DumpWasAskedFor()) std::fprintf(stderr, "%s\n", progress_->Describe().c_str());
    const int64_t limit_ns =
        begun ? watchdog_ns_ : std::min(watchdog_ns_, INT64_MAX / kSetUpTimes) * kSetUpTimes;
    if (NowNs() - moved_at > limit_ns) Bite(limit_ns);
  }
  ResultsFile::PrintProgress(*progress_);
}

void Watchdog::Bite(int64_t limit_ns) {
  const std::string what = progress_->what(), ms = std::to_string(limit_ns / kNsPerMs) + " ms";
  const bool begun = progress_->total() > 0;
  board_->Report({.check = &kLiveness,
                  .contract = progress_->Suspect(),
                  .what = begun ? "no progress in " + what : "the set-up does not end",
                  .title = begun ? "nothing moved for " + ms + " after " +
                                       std::to_string(progress_->done()) + " of " +
                                       std::to_string(progress_->total()) + " " + what
                                 : "the set-up of the workload did not end within " + ms,
                  .detail = progress_->Describe()});
  finish_();
  // Threads are stuck in the target, so nothing can be unwound.
  std::fflush(nullptr);
  events::TellEnd(1);
  _exit(1);
}

}  // namespace tenter
