#include "fuzz/model/run/sites.h"

#include <algorithm>

namespace tenter::fuzz::model {
namespace {

constexpr std::string_view kSiteOf[] = {"cached_op.node.run", "cached_op.plan.compile",
                                        "cached_op.arena.acquire"};
constexpr uint64_t kMostDelayNs = 200'000;

}  // namespace

Sites::Sites(const Program& program, uint64_t round)
    : program_(program), delays_(program.noise, round, kMostDelayNs) {}

tgt_host Sites::host() {
  return {this, [](void* self, const tgt_hit* hit, tgt_fault* fault) {
            static_cast<Sites*>(self)->Hit(*hit, fault);
          }};
}

void Sites::Hit(const tgt_hit& hit, tgt_fault* fault) {
  const std::string_view site = hit.site;
  if (hold_.on()) {
    if (site == kSiteOf[static_cast<size_t>(Place::kNode)]) hold_.Pass(hit.request);
    return;
  }
  const bool armed = armed_.Load(kRelaxed);
  const size_t always = always_.Load(kRelaxed);
  if (armed) delays_.Delay();
  if (!armed && always == kNoFault) return;
  const size_t faults = std::min(program_.faults.size(), kMostFaults);
  for (size_t i = 0; i < faults; ++i) {
    const Fault& planned = program_.faults[i];
    if (!armed && i != always) continue;
    if (site != kSiteOf[static_cast<size_t>(planned.place)]) continue;
    if (planned.place == Place::kNode && (hit.op == nullptr || planned.node != hit.op)) continue;
    if (!armed) return Inject(planned.action, kStrikeText, fault);
    const int64_t count = matched_[i].FetchAdd(1, kRelaxed) + 1;
    if (planned.each ? count % planned.hit == 0 : count == planned.hit)
      return Fire(i, hit.request, fault);
  }
}

void Sites::Fire(size_t number, int64_t request, tgt_fault* fault) {
  const size_t strike = struck_.FetchAdd(1, kRelaxed);
  if (strike >= kMostStrikes) return;
  fault_of_[strike].Store(number, kRelaxed);
  request_of_[strike].Store(request, kRelaxed);
  Inject(program_.faults[number].action, StrikeText(strike), fault);
}

std::vector<Strike> Sites::strikes() const {
  std::vector<Strike> strikes(std::min(struck_.Load(kRelaxed), kMostStrikes));
  for (size_t i = 0; i < strikes.size(); ++i)
    strikes[i] = {fault_of_[i].Load(kRelaxed), request_of_[i].Load(kRelaxed)};
  return strikes;
}

}  // namespace tenter::fuzz::model
