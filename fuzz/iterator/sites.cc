#include "fuzz/iterator/sites.h"

namespace tenter::fuzz::iterator {
namespace {

constexpr std::string_view kSiteOf[] = {"io.source.open", "io.producer.next", "io.producer.reset"};
constexpr uint64_t kMostDelayNs = 300'000;

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
  if (site == kSiteOf[1]) SeeAhead(hit.request);
  delays_.Delay();
  for (size_t i = 0; i < program_.faults.size(); ++i) {
    const Fault& planned = program_.faults[i];
    if (site != kSiteOf[static_cast<size_t>(planned.place)]) continue;
    if (planned.place == Place::kNext && planned.batch != hit.request) continue;
    if (planned.once && struck_[i].Exchange(true, kRelaxed)) continue;
    return Inject(planned.action, FaultText(i), fault);
  }
}

// A batch that is begun now, when so many were asked for.
void Sites::SeeAhead(int64_t batch) {
  const int64_t ahead = batch - asked_.Load(kRelaxed);
  int64_t most = most_ahead_.Load(kRelaxed);
  while (ahead > most && !most_ahead_.CompareExchange(&most, ahead, kRelaxed)) {
  }
}

}  // namespace tenter::fuzz::iterator
