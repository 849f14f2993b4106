#include "runtime/capi/context/handle_slot.h"

namespace tenter {

bool HandleSlot::Close(uintptr_t number) {
  Atomic<uint64_t>& first = stripes_[0].word;
  uint64_t seen = first.Load(kRelaxed);
  do {
    if ((seen & kNameMask) != (number & kGenerationMask)) return false;
  } while (!first.CompareExchange(&seen, seen | kClosed, kAcqRel));
  // `seen` is what the exchange replaced.
  int64_t inside = CallsIn(seen);
  for (size_t i = 1; i < kStripes; ++i)
    inside += CallsIn(stripes_[i].word.FetchOr(kClosed, kAcqRel));
  left_inside_.FetchAdd(inside, kAcqRel);  // not to zero: the caller is inside
  return true;
}

void HandleSlot::AllowBrief(bool allowed) {
  for (Stripe& stripe : stripes_)
    if (allowed)
      stripe.word.FetchAnd(~kNoBrief, kAcqRel);
    else
      stripe.word.FetchOr(kNoBrief, kAcqRel);
}

bool HandleSlot::HasBrief() const {
  for (const Stripe& stripe : stripes_)
    if ((stripe.word.Load(kAcquire) & kBriefMask) != 0) return true;
  return false;
}

void HandleSlot::ForgetOthers() {
  const uint32_t mine = StripeOfThisThread<kStripes>();
  for (uint32_t i = 0; i < kStripes; ++i) {
    if (i == mine) continue;
    Atomic<uint64_t>& word = stripes_[i].word;
    const uint64_t seen = word.Load(kRelaxed);
    word.Store(seen & ~(kInsideMask | kBriefMask), kRelaxed);
    if ((seen & kClosed) != 0) left_inside_.FetchSub(CallsIn(seen), kRelaxed);
  }
}

}  // namespace tenter
