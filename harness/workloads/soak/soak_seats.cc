#include "harness/workloads/soak/soak_seats.h"

#include <string>
#include <utility>

namespace tenter {

Status SoakSeats::Run(const std::function<bool()>& more,
                      const std::function<void(size_t seat, uint64_t life)>& live,
                      const std::function<void()>& between) {
  Status started;
  size_t taken = 0;
  uint64_t life = 0;
  for (size_t seat = 0; seat < threads_.size() && started.ok(); ++seat) {
    started = Start(seat, life++, live);
    taken += started.ok() ? 1 : 0;
  }
  while (taken > 0) {
    const size_t seat = AwaitEnded();
    threads_[seat].Join();
    threads_[seat] = Thread();
    ++lives_;
    --taken;
    between();
    if (!started.ok() || !more()) continue;
    started = Start(seat, life++, live);
    taken += started.ok() ? 1 : 0;
  }
  return started;
}

Status SoakSeats::Start(size_t seat, uint64_t life,
                        const std::function<void(size_t seat, uint64_t life)>& live) {
  return threads_[seat].Start("soak-" + std::to_string(seat), [this, seat, life, &live] {
    live(seat, life);
    UnseenLock lock(mutex_);
    ended_.push_back(seat);
    changed_.NotifyAll(mutex_);
  });
}

size_t SoakSeats::AwaitEnded() {
  UnseenLock lock(mutex_);
  while (ended_.empty()) changed_.Wait(mutex_);
  const size_t seat = ended_.back();
  ended_.pop_back();
  return seat;
}

}  // namespace tenter
