#include "fuzz/model/run/sites.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz::model {
namespace {

constexpr std::string_view kSiteOf[] = {"cached_op.node.run", "cached_op.plan.compile",
                                        "cached_op.arena.acquire"};
constexpr uint64_t kMostDelayNs = 200'000;

}  // namespace

tgt_host Sites::host() {
  return {this, [](void* self, const tgt_hit* hit, tgt_fault* fault) {
            static_cast<Sites*>(self)->Hit(*hit, fault);
          }};
}

void Sites::Hit(const tgt_hit& hit, tgt_fault* fault) {
  Delay();
  if (!armed_.Load(kRelaxed)) return;
  const std::string_view site = hit.site;
  const size_t faults = std::min(program_.faults.size(), kMostFaults);
  for (size_t i = 0; i < faults; ++i) {
    const Fault& planned = program_.faults[i];
    if (site != kSiteOf[static_cast<size_t>(planned.place)]) continue;
    if (planned.place == Place::kNode && (hit.op == nullptr || planned.node != hit.op)) continue;
    const int64_t count = matched_[i].FetchAdd(1, kRelaxed) + 1;
    if (planned.each ? count % planned.hit == 0 : count == planned.hit)
      return Strike_(i, hit.request, fault);
  }
}

void Sites::Strike_(size_t number, int64_t request, tgt_fault* fault) {
  const size_t strike = struck_.FetchAdd(1, kRelaxed);
  if (strike >= kMostStrikes) return;
  fault_of_[strike].Store(number, kRelaxed);
  request_of_[strike].Store(request, kRelaxed);
  constexpr tgt_fault_kind kKinds[] = {TGT_FAULT_ERROR, TGT_FAULT_THROW, TGT_FAULT_BAD_ALLOC};
  fault->kind = kKinds[static_cast<size_t>(program_.faults[number].action)];
  fault->code = TGT_DATA_LOSS;
  std::snprintf(fault->type, sizeof(fault->type), "runtime_error");
  std::snprintf(fault->message, sizeof(fault->message), "%s", StrikeText(strike).c_str());
}

std::vector<Strike> Sites::strikes() const {
  std::vector<Strike> strikes(std::min(struck_.Load(kRelaxed), kMostStrikes));
  for (size_t i = 0; i < strikes.size(); ++i)
    strikes[i] = {fault_of_[i].Load(kRelaxed), request_of_[i].Load(kRelaxed)};
  return strikes;
}

// A quarter of the hits takes a while, another one each time.
void Sites::Delay() {
  const uint64_t number = hits_.FetchAdd(1, kRelaxed);
  if (program_.noise == 0) return;
  const uint64_t hash = CombineHash(CombineHash(program_.noise, round_), number);
  if (hash % 4 == 0) SleepNs(static_cast<int64_t>(hash / 4 % kMostDelayNs));
}

}  // namespace tenter::fuzz::model
