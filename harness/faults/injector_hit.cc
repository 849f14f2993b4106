// What every hit passes. It is built without ThreadSanitizer, in whose history of a thread these
// accesses would take the place of the target's: see harness/flight/flight.h. So there is nothing
// here that another file could call instead of its own, and no call of a library whose arguments
// the sanitizer would watch. What only a plan needs is watched: it is in injector.cc.
#include "harness/faults/injector.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

namespace tenter {

void Injector::Hit(const tgt_hit& hit, tgt_fault* fault) {
  const size_t site = site_names_.Find(hit.site);
  if (site == SiteNames::kUnknown) return;
  const PlannedSite& planned = planned_[site];
  if (!planned.naming.empty()) NoteOp(site, hit.op);
  if (!armed_.Load(kRelaxed)) return;
  RequestSpans* const requests = requests_.Load(kRelaxed);
  if (requests != nullptr && hit.request >= 0) requests->Note(hit.request);
  HitsOf(StripeOfThisThread<kStripes>(), site).FetchAdd(1, kRelaxed);
  if (order_ != nullptr) order_->Note(site);
  Chosen chosen;
  if (!planned.items.empty() && CanMatch(site, hit.op)) chosen = Choose(site, hit, fault);
  size_t op_bytes = 0;
  while (op_bytes < Flight::kNameBytes && hit.op[op_bytes] != '\0') ++op_bytes;
  flight_.Write({.kind = FlightKind::kSite,
                 .what = static_cast<uint8_t>(site),
                 .code = static_cast<uint16_t>(chosen.action),
                 .worker = hit.worker,
                 .number = static_cast<uint64_t>(hit.request),
                 .name = {hit.op, op_bytes}});
  if (chosen.delay_us > 0) SleepNs(static_cast<int64_t>(chosen.delay_us) * kNsPerUs);
}

size_t SiteNames::Find(const char* name) const {
  for (uint64_t at = HashOf(name);; ++at) {
    const Entry& entry = entries_[at % kEntries];
    if (entry.name == nullptr) return kUnknown;
    size_t i = 0;
    while (i < entry.size && name[i] == entry.name[i]) ++i;  // no zero is in a name
    if (i == entry.size && name[i] == '\0') return entry.number;
  }
}

void SiteOrder::Note(size_t site) {
  const uint64_t hit = hits_[site].FetchAdd(1, kRelaxed) + 1;
  const uint64_t before = last_.Exchange(((site + 1) << 32) | (hit & 0xffffffff), kRelaxed);
  if (before == 0) return;
  Atomic<uint64_t>& pair = pairs_[((before >> 32) - 1) * sites_ + site];
  uint64_t seen = pair.Load(kRelaxed);
  const uint64_t now = (before << 32) | (hit & 0xffffffff);
  // A loop, since an exchange may fail without a reason.
  while (seen == 0 && !pair.CompareExchange(&seen, now, kRelaxed)) {
  }
}

void RequestSpans::Note(int64_t request) {
  const uint64_t key = static_cast<uint64_t>(request) + 1;
  for (size_t i = 0, at = CombineHash(key, 0); i < spans_.size(); ++i, ++at) {
    Span& span = spans_[at & (spans_.size() - 1)];
    uint64_t owner = span.key.Load(kRelaxed);
    // A loop, since an exchange may fail without a reason.
    while (owner == 0 && !span.key.CompareExchange(&owner, key, kRelaxed)) {
    }
    if (owner != 0 && owner != key) continue;
    const uint64_t hit = hits_.FetchAdd(1, kRelaxed) + 1;
    uint64_t first = span.first.Load(kRelaxed), last = span.last.Load(kRelaxed);
    while (hit < first && !span.first.CompareExchange(&first, hit, kRelaxed)) {
    }
    while (hit > last && !span.last.CompareExchange(&last, hit, kRelaxed)) {
    }
    return;
  }
}

}  // namespace tenter
