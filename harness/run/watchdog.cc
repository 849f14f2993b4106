#include "harness/run/watchdog.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "harness/run/events.h"
#include "harness/run/results_file.h"
#include "harness/run/signals.h"
#include "harness/stacks/stacks_text.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

constexpr int64_t kTickNs = 100 * kNsPerMs;  // at most ten progress events a second
// A model is loaded, compiled and asked for the answers of one thread before there is a first step;
// under a sanitizer that takes a large one minutes.
constexpr int64_t kSetUpTimes = 10;
constexpr int64_t kDescribeTakesNs = kNsPerSecond;

}  // namespace

Watchdog::Watchdog(int64_t watchdog_ms, const Progress* progress, CheckBoard* board,
                   std::function<void()> finish, void (*spare)())
    : watchdog_ns_(watchdog_ms * kNsPerMs),
      progress_(progress),
      board_(board),
      finish_(std::move(finish)),
      spare_(spare) {
  const Status status = thread_.Start("watchdog", [this] {
    if (spare_ != nullptr) spare_();
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
  uint64_t changes = progress_->phases().changes();
  int64_t moved_at = NowNs();
  bool begun = false;
  while (Sleep()) {
    const uint64_t now_done = progress_->done();
    if (now_done != printed) ResultsFile::PrintProgress(*progress_);
    printed = now_done;
    const bool now_begun = progress_->total() > 0;
    const uint64_t now_changes = progress_->phases().changes();
    if (now_done != done || now_begun != begun || now_changes != changes) moved_at = NowNs();
    changes = now_changes;
    done = now_done;
    begun = now_begun;
    if (DumpWasAskedFor()) Dump();
    const int64_t limit_ns =
        begun ? watchdog_ns_ : std::min(watchdog_ns_, INT64_MAX / kSetUpTimes) * kSetUpTimes;
    if (NowNs() - moved_at > limit_ns) Bite(limit_ns);
  }
  ResultsFile::PrintProgress(*progress_);
}

void Watchdog::Dump() const {
  const Phases::Told phase = progress_->phases().Oldest();
  if (!phase.doing.empty())
    std::fprintf(stderr, "under way: %s\n", std::string(phase.doing).c_str());
  std::fprintf(stderr, "%s\n", Describe().c_str());
}

std::string Watchdog::Describe() const {
  struct Answer {
    Mutex mutex;
    CondVar changed;
    bool done GUARDED_BY(mutex) = false;
    std::string text GUARDED_BY(mutex);
  };
  const auto answer = std::make_shared<Answer>();
  Thread asking;
  const Status started = asking.Start("describer", [answer, progress = progress_, spare = spare_] {
    if (spare != nullptr) spare();
    std::string text = progress->Describe();
    MutexLock lock(answer->mutex);
    answer->text = std::move(text);
    answer->done = true;
    answer->changed.NotifyAll();
  });
  if (!started.ok()) return started.message();
  const int64_t until_ns = NowNs() + kDescribeTakesNs;
  std::string text;
  bool done = false;
  {
    MutexLock lock(answer->mutex);
    while (!answer->done && NowNs() < until_ns) answer->changed.WaitFor(answer->mutex, kTickNs);
    done = answer->done;
    text = done ? answer->text : "the target did not describe itself within 1 s\n";
  }
  done ? asking.Join() : asking.Detach();
  return text;
}

Finding Watchdog::WhatHangs(int64_t limit_ns) const {
  const std::string what = progress_->what(), ms = std::to_string(limit_ns / kNsPerMs) + " ms";
  const bool begun = progress_->total() > 0;
  const std::string after = begun ? " after " + std::to_string(progress_->done()) + " of " +
                                        std::to_string(progress_->total()) + " " + what
                                  : std::string(" in the set-up of the workload");
  const Phases::Told phase = progress_->phases().Oldest();
  if (!phase.doing.empty()) {
    const std::string doing(phase.doing);
    return {.check = &kLiveness,
            .contract = phase.contract,
            .what = doing + " does not end",
            .title = doing + " did not end within " + ms + after,
            .evidence = {{"phase", doing}}};
  }
  return {.check = &kLiveness,
          .contract = progress_->Suspect(),
          .what = begun ? "no progress in " + what : "the set-up does not end",
          .title = begun ? "nothing moved for " + ms + after
                         : "the set-up of the workload did not end within " + ms};
}

void Watchdog::Bite(int64_t limit_ns) {
  Finding finding = WhatHangs(limit_ns);
  const std::string stacks = StacksOfAll();
  const std::string now = Describe();
  finding.detail = now + (now.empty() || now.ends_with('\n') ? "" : "\n") + stacks;
  board_->Report(std::move(finding));
  finish_();
  // Threads are stuck in the target, so nothing can be unwound.
  std::fflush(nullptr);
  events::TellEnd(1);
  _exit(1);
}

}  // namespace tenter
