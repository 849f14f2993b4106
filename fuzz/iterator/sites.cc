#include "fuzz/iterator/sites.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz::iterator {
namespace {

constexpr std::string_view kSiteOf[] = {"io.source.open", "io.producer.next", "io.producer.reset"};
constexpr uint64_t kMostDelayNs = 300'000;

}  // namespace

tgt_host Sites::host() {
  return {this, [](void* self, const tgt_hit* hit, tgt_fault* fault) {
            static_cast<Sites*>(self)->Hit(*hit, fault);
          }};
}

void Sites::Hit(const tgt_hit& hit, tgt_fault* fault) {
  const std::string_view site = hit.site;
  if (site == kSiteOf[1]) SeeAhead(hit.request);
  Delay();
  for (size_t i = 0; i < program_.faults.size(); ++i) {
    const Fault& planned = program_.faults[i];
    if (site != kSiteOf[static_cast<size_t>(planned.place)]) continue;
    if (planned.place == Place::kNext && planned.batch != hit.request) continue;
    if (planned.once && struck_[i].Exchange(true, kRelaxed)) continue;
    return Strike(i, fault);
  }
}

void Sites::Strike(size_t number, tgt_fault* fault) {
  constexpr tgt_fault_kind kKinds[] = {TGT_FAULT_ERROR, TGT_FAULT_THROW, TGT_FAULT_BAD_ALLOC};
  fault->kind = kKinds[static_cast<size_t>(program_.faults[number].action)];
  fault->code = TGT_DATA_LOSS;
  std::snprintf(fault->type, sizeof(fault->type), "runtime_error");
  std::snprintf(fault->message, sizeof(fault->message), "%s", FaultText(number).c_str());
}

// A batch that is begun now, when so many were asked for.
void Sites::SeeAhead(int64_t batch) {
  const int64_t ahead = batch - asked_.Load(kRelaxed);
  int64_t most = most_ahead_.Load(kRelaxed);
  while (ahead > most && !most_ahead_.CompareExchange(&most, ahead, kRelaxed)) {
  }
}

// A quarter of the hits takes a while, another one each time.
void Sites::Delay() {
  const uint64_t number = hits_.FetchAdd(1, kRelaxed);
  if (program_.noise == 0) return;
  const uint64_t hash = CombineHash(CombineHash(program_.noise, round_), number);
  if (hash % 4 == 0) SleepNs(static_cast<int64_t>(hash / 4 % kMostDelayNs));
}

}  // namespace tenter::fuzz::iterator
