#include "harness/workloads/soak/soak_caller.h"

#include <cmath>

namespace tenter {
namespace {

// A deadline is drawn between a time in which nothing can be done and one in which most can, each
// order of magnitude as often as another.
constexpr double kShortestNs = 1e3, kLongestNs = 2e7;
// How many requests a thread makes before it cancels one: some wait then, some run, some have
// ended.
constexpr size_t kCancelledBehind = 2;
// A call of an op that is freed ends at once, and there would be nothing but such calls meanwhile.
constexpr int64_t kFreedPercent = 5;

}  // namespace

SoakCaller::SoakCaller(const Stage& stage, SoakModels* models, SoakRequests* requests,
                       SoakClock* clock, uint64_t seed)
    : parameters_(stage.parameters),
      models_(*models),
      requests_(*requests),
      clock_(*clock),
      rng_(seed) {}

void SoakCaller::Live() {
  const auto most = static_cast<uint64_t>(parameters_.Int("calls_per_life"));
  const uint64_t calls = most / 2 + 1 + rng_.Below(most - most / 2);
  for (uint64_t i = 0; i < calls && clock_.NextCall(); ++i) OneCall();
  while (!to_cancel_.empty()) CancelOldest();
}

void SoakCaller::OneCall() {
  const size_t stall = rng_.Below(models_.stalls());
  if (stall > 0 && Chance(parameters_.Int("renew_percent"))) models_.Renew(stall);
  SoakModels::Lent lent = models_.Lend(stall);
  if (models_.MayBeFreed(lent) && !Chance(kFreedPercent)) lent = models_.Lend(0);
  const SoakCall call = Draw(*lent.inputs);
  const bool later = call.withdrawn || call.timeout_ns > 0 || Chance(50);
  if (!later || !requests_.answers_later() || requests_.later() >= parameters_.Int("later"))
    return requests_.Call(lent, WaitedFor(call));
  const std::optional<uint64_t> request = requests_.Ask(lent, call);
  if (request && call.withdrawn) to_cancel_.emplace_back(lent, *request);
  if (to_cancel_.size() > rng_.Below(kCancelledBehind + 1)) CancelOldest();
}

// Who waits for the answer can neither cancel the call nor give it a deadline.
SoakCall SoakCaller::WaitedFor(SoakCall call) {
  call.withdrawn = false;
  call.timeout_ns = 0;
  return call;
}

SoakCall SoakCaller::Draw(const ModelInputs& inputs) {
  SoakCall call;
  call.sample = rng_.Below(inputs.size());
  call.misshaped = Chance(parameters_.Int("wrong_percent"));
  call.withdrawn = Chance(parameters_.Int("withdrawn_percent"));
  const double ns = kShortestNs * std::pow(kLongestNs / kShortestNs, rng_.Unit());
  if (Chance(parameters_.Int("deadline_percent"))) call.timeout_ns = std::llround(ns);
  call.priority = static_cast<int32_t>(rng_.Below(3)) - 1;
  return call;
}

void SoakCaller::CancelOldest() {
  const auto [lent, request] = to_cancel_.front();
  to_cancel_.erase(to_cancel_.begin());
  requests_.Cancel(lent, request);
}

}  // namespace tenter
