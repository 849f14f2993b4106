// HandleSlot: the place of one object of a HandleTable, and who is inside of it.
//
// Path: HandleTable::Enter -> HandleSlot::TryEnter -> the call -> HandleSlot::Leave.
//
// Calls count themselves on a stripe of their own thread, so that callers of one handle do not
// meet:
//
//   word of a stripe = [generation 32 | closed 1 | no brief ones 1 | brief calls 10 | calls 20]
//
// Close sets `closed` in every word, and adds up in `left_inside` who was inside then; from there
// on whoever leaves counts down there as well. It cannot reach zero before Close has added, and it
// does so once: whoever takes it there was the last, and destroys the object.
//
// Brief calls wait for nobody, so that a fork can wait for them: AllowBrief. What runs inside them,
// a probe or the `release` of a refused op, must not wait or fork either. It spares them
// the gate of the engine (Engine::PushCounted), which counts calls for the same reason.
//
// Thread safety: what touches the words may be called from any thread; the rest is the table's.
// Ownership and lifetime: owns its object until the last call has left.
// Invariants: (1) a word counts only those who found it open in the generation of their handle, so
//   a closed word only falls. (2) while they are not allowed no brief call comes in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/base/thread.h"
#include "runtime/capi/context/handle_kind.h"

namespace tenter {

enum class CallKind { kAny, kBrief };

class HandleSlot {
 public:
  static constexpr int kGenerationShift = 32;  // also in the number of a handle
  static constexpr uint64_t kGenerationMost = UINT32_MAX;

  // Opens a free slot for a new generation.
  void Open(uint64_t generation, bool takes_brief) {
    const uint64_t open = generation << kGenerationShift | (takes_brief ? 0 : kNoBrief);
    for (Stripe& stripe : stripes_) stripe.word.Store(open, kRelease);
  }

  // Counts the caller in, on the stripe that it writes, if the slot is open in the generation of
  // `number`, and takes calls of this kind just now.
  template <CallKind kKind>
  bool TryEnter(uintptr_t number, uint32_t* stripe) {
    constexpr bool kBrief = kKind == CallKind::kBrief;
    constexpr uint64_t kSame = kNameMask | (kBrief ? kNoBrief : 0);
    *stripe = StripeOfThisThread<kStripes>();
    Atomic<uint64_t>& word = stripes_[*stripe].word;
    uint64_t seen = word.Load(kRelaxed);
    // What a failed exchange has seen is looked at again: the slot may be closed by then.
    while ((seen & kSame) == (number & kGenerationMask)) {
      if (kBrief && (seen & kBriefMask) == kBriefMask) return false;
      if (word.CompareExchange(&seen, seen + OneOf(kKind), kAcquire)) return true;
    }
    return false;
  }

  // Counts the caller out. True when the slot is closed: then LeaveClosed must follow.
  bool Leave(uint32_t stripe, CallKind kind) {
    return (stripes_[stripe].word.FetchSub(OneOf(kind), kRelease) & kClosed) != 0;
  }
  // True when the caller was the last one inside.
  bool LeaveClosed() { return left_inside_.FetchSub(1, kAcqRel) == 1; }

  // From here on nobody enters. False when it was closed before. REQUIRES: the caller is inside.
  bool Close(uintptr_t number);

  // Whether brief calls come in from here on; those that are inside stay.
  void AllowBrief(bool allowed);
  bool HasBrief() const;

  // In the child of a fork: counts those on other stripes than the caller's no more.
  void ForgetOthers();

  HandleObject object;
  uint64_t generation = 0;            // of the table, under its lock: the latest
  uint32_t index = 0, next_free = 0;  // as well
  bool takes_brief = false;           // as well
  // As well: of the list of slots that took brief calls at some time; set once.
  bool is_listed = false;
  uint32_t next_listed = 0;

 private:
  static constexpr size_t kStripes = 8;
  static constexpr uint64_t kInsideMask = (uint64_t{1} << 20) - 1;
  static constexpr uint64_t kBriefOne = uint64_t{1} << 20, kBriefMask = 1023 * kBriefOne;
  static constexpr uint64_t kNoBrief = uint64_t{1} << 30, kClosed = uint64_t{1} << 31;
  static constexpr uint64_t kGenerationMask = kGenerationMost << kGenerationShift;
  static constexpr uint64_t kNameMask = kGenerationMask | kClosed;

  // The release of Open pairs with the acquire of TryEnter, that of Leave with Close's and
  // HasBrief's acquire.
  struct alignas(64) Stripe {
    Atomic<uint64_t> word = kClosed;
  };

  static constexpr uint64_t OneOf(CallKind kind) {
    return kind == CallKind::kBrief ? kBriefOne : 1;
  }
  static int64_t CallsIn(uint64_t word) {
    return static_cast<int64_t>((word & kInsideMask) + (word & kBriefMask) / kBriefOne);
  }

  std::array<Stripe, kStripes> stripes_;
  alignas(64) Atomic<int64_t> left_inside_ = 0;
};

}  // namespace tenter
