#include "fuzz/engine/model/turns.h"

namespace tenter::fuzz {
namespace {

// So often one kind of op overtakes another kind before that has its turn, and urgent ops the
// oldest one with a priority.
constexpr int kTurnAfter = 30;
constexpr int kOvertakes = 32;

}  // namespace

std::optional<size_t> Turns::MostUrgent() const {
  std::optional<size_t> best;
  for (size_t op = 0; op < priorities_.size(); ++op)
    if (!started_[op] && priorities_[op] != 0 &&
        (!best.has_value() || priorities_[op] > priorities_[*best]))
      best = op;
  return best;
}

// REQUIRES: something has not started.
Turns::Next Turns::FindNext() const {
  const std::optional<size_t> urgent = MostUrgent(), without = WithoutPriority();
  if (!urgent.has_value()) return {*without, false};
  const bool high = KindOf(priorities_[*urgent]) == Kind::kHigh;
  if (high && high_starts_ == kTurnAfter && without.has_value()) return {*without, true};
  if (!high && low_starts_ == kTurnAfter) return {*Oldest(), true};
  if (!high && without.has_value()) return {*without, false};
  if (overtaken_ == kOvertakes) return {*Oldest(), true};
  return {*urgent, false};
}

std::optional<Turns::Wrong> Turns::Start(size_t op) {
  const Next next = FindNext();
  Count(op);
  started_[op] = true;
  const bool fits = priorities_[next.op] == 0 ? priorities_[op] == 0 : op == next.op;
  if (fits) return std::nullopt;
  return Wrong{.instead = next.op, .starves = next.is_turn};
}

void Turns::Count(size_t op) {
  const std::optional<size_t> urgent = MostUrgent();
  if (!urgent.has_value()) return;
  int& starts = KindOf(priorities_[*urgent]) == Kind::kHigh ? high_starts_ : low_starts_;
  starts = starts == kTurnAfter ? 0 : starts + 1;
  if (priorities_[op] != 0) overtaken_ = op == *Oldest() ? 0 : overtaken_ + 1;
}

}  // namespace tenter::fuzz
