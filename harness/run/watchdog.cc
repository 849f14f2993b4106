#include "harness/run/watchdog.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "harness/run/events.h"
#include "harness/run/results_file.h"
#include "harness/run/signals.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

constexpr int64_t kTickNs = 100 * kNsPerMs;  // at most ten progress events a second

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
  while (Sleep()) {
    const uint64_t now_done = progress_->done();
    if (now_done != printed) ResultsFile::PrintProgress(*progress_);
    printed = now_done;
    if (now_done != done) moved_at = NowNs();
    done = now_done;
    if (DumpWasAskedFor()) std::fprintf(stderr, "%s\n", progress_->Describe().c_str());
    if (NowNs() - moved_at > watchdog_ns_) Bite();
  }
  ResultsFile::PrintProgress(*progress_);
}

void Watchdog::Bite() {
  const std::string what = progress_->what();
  board_->Report({.check = &kLiveness,
                  .what = "no progress in " + what,
                  .title = "nothing moved for " + std::to_string(watchdog_ns_ / kNsPerMs) +
                           " ms after " + std::to_string(progress_->done()) + " of " +
                           std::to_string(progress_->total()) + " " + what,
                  .detail = progress_->Describe()});
  finish_();
  // Threads are stuck in the target, so nothing can be unwound.
  std::fflush(nullptr);
  events::TellEnd(1);
  _exit(1);
}

}  // namespace tenter
