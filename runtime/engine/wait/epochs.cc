#include "runtime/engine/wait/epochs.h"

#include <new>

namespace tenter {

bool Epochs::Drained(int epoch, std::span<const Tally> tallies) const {
  uint64_t ended = 0;
  for (const Tally& tally : tallies) ended += tally.ended[epoch].Load(kSeqCst);
  return ended == pushed_in_[epoch].Load(kAcquire);
}

void Epochs::TurnOver() {
  const uint64_t before = word_.FetchXor(kEpoch, kSeqCst);
  const int old = (before & kEpoch) != 0;
  const uint64_t number = before & kNumber;
  pushed_in_[old].Store(pushed_in_[old].Load(kRelaxed) + number - turned_at_, kSeqCst);
  turned_at_ = number;
  ++turns_;
  drained_.NotifyAll();
}

void Epochs::AwaitAll(std::span<const Tally> tallies) {
  MutexLock lock(mutex_);
  // Everything pushed before the call has ended once both epochs were seen drained after it began.
  // A turn proves it for the epoch that becomes the current one, whoever did it; so two turns are
  // enough, and so is one turn when the epoch before it is drained.
  const uint64_t before = turns_;
  // What is pushed from here on is not waited for: whoever sees that somebody waits relies on it.
  if (Drained(1 - current(), tallies)) TurnOver();
  waiters_.FetchAdd(1, kSeqCst);
  while (turns_ < before + 2) {
    if (!Drained(1 - current(), tallies))
      drained_.Wait(mutex_);
    else if (turns_ == before + 1)
      break;
    else
      TurnOver();
  }
  waiters_.FetchSub(1, kSeqCst);
}

void Epochs::ForgetWaiters() {
  new (&drained_) CondVar;
  waiters_.Store(0, kSeqCst);
}

void Epochs::Check(std::span<const Tally> tallies) {
  if (!Drained(1 - current(), tallies)) return;
  MutexLock lock(mutex_);
  drained_.NotifyAll();
}

}  // namespace tenter
