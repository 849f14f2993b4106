#include "runtime/device/team.h"

#include <new>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

// The steps of a plan that are not shared out take up to so long. Spinning for longer would only
// keep a processor from others.
constexpr int64_t kSpinNs = 100'000;
constexpr uint32_t kPausesPerLook = 8, kLooksPerYield = 16;

// Pauses, and now and then lets another thread have the processor: the one that is waited for may
// be the one that wants it.
void PauseOnce(uint32_t* looks) {
  for (uint32_t i = 0; i < kPausesPerLook; ++i) SpinPause();
  if (++*looks % kLooksPerYield == 0) YieldThread();
}

}  // namespace

Team::Team(const Inheritance& inheritance, int threads)
    : inheritance_(inheritance), helpers_(static_cast<size_t>(threads) - 1) {
  TENTER_CHECK(threads > 0, "a team without anybody");
}

Team::~Team() {
  ending_.Store(true, kSeqCst);
  Ring();
  for (Helper& helper : helpers_) helper.thread.Join();
}

void Team::Staff() noexcept {
  for (Helper& helper : helpers_) {
    if (helper.started) continue;
    try {
      helper.started = helper.thread.Start("tenter-team", [this] { Help(); }).ok();
    } catch (const std::bad_alloc&) {
      return;
    }
  }
}

void Team::Run(size_t parts, Part part, void* of) noexcept {
  TENTER_CHECK(parts <= kPartsMost, "more parts than a team can count");
  part_ = part;
  of_ = of;
  rounding_ = Rounding::OfThisThread();
  ended_.Store(0, kRelaxed);
  const uint64_t number = (word_.Load(kRelaxed) >> 32) + 1;
  word_.Store(number << 32 | parts << 16, kSeqCst);
  if (asleep_.Load(kSeqCst) > 0) Ring();
  while (TakeOne()) continue;
  for (uint32_t looks = 0; ended_.Load(kAcquire) < parts;) PauseOnce(&looks);
}

// A word that has changed meanwhile is looked at again: its part belongs to whoever took it, and it
// may be that of the next Run.
bool Team::TakeOne() {
  uint64_t word = word_.Load(kRelaxed);
  while (HasParts(word))
    if (word_.CompareExchange(&word, word + 1, kAcquire)) {
      rounding_.Apply();
      part_(of_, NextOf(word));
      ended_.FetchAdd(1, kRelease);
      return true;
    }
  return false;
}

void Team::Help() {
  inheritance_.Apply();
  int64_t rest_ns = NowNs() + kSpinNs;
  for (uint32_t looks = 0; !ending_.Load(kRelaxed);) {
    if (TakeOne()) {
      looks = 0;
      rest_ns = NowNs() + kSpinNs;
      continue;
    }
    PauseOnce(&looks);
    if (looks % kLooksPerYield != 0 || NowNs() < rest_ns) continue;
    Sleep();
    rest_ns = NowNs() + kSpinNs;
  }
}

// Who publishes parts stores the word first and looks for sleepers then; who goes to sleep says so
// first and looks at the word then. So one of the two sees the other.
void Team::Sleep() {
  asleep_.FetchAdd(1, kSeqCst);
  const uint32_t bell = bell_.Load(kSeqCst);
  if (!HasParts(word_.Load(kSeqCst)) && !ending_.Load(kSeqCst)) bell_.Wait(bell, kRelaxed);
  asleep_.FetchSub(1, kSeqCst);
}

void Team::Ring() {
  bell_.FetchAdd(1, kSeqCst);
  bell_.NotifyAll();
}

void Team::ForgetThreads() {
  for (Helper& helper : helpers_) {
    new (&helper.thread) Thread;  // it is not there to be joined
    helper.started = false;
  }
  word_.Store(0, kRelaxed);
  ended_.Store(0, kRelaxed);
  asleep_.Store(0, kRelaxed);
}

}  // namespace tenter
