#include "fuzz/engine/ends/racing_bodies.h"

#include "fuzz/engine/ends/planned.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {

void RacingBodies::Run(size_t index, Completion handle) const {
  const Statement& s = program_.statements[index];
  racers_->Add(std::move(handle), Time(index, 1), [&s](Completion used) {
    if (s.ends == Ends::kRaces) EndAsPlanned(s, std::move(used));
  });
  if (s.throws_after == Type::kNone) return;
  SpinUntil(Time(index, 2));
  ThrowPlanned(s.throws_after, s.op);
}

// The system takes some 50 us to wake the thread that watches deadlines.
int64_t RacingBodies::Time(size_t index, uint64_t salt) const {
  const uint64_t hash = CombineHash(CombineHash(program_.noise + round_, index), salt);
  return deadlines_[index] + static_cast<int64_t>(hash % 60000) - 3000;
}

}  // namespace tenter::fuzz
