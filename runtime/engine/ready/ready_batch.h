// ReadyBatch: what one worker has taken from the ready lane and will run next. Others may take from
// it too, so that no ready op waits behind a busy worker while another is idle.
//
// Thread safety: Fill by the owner only; Take and empty from any thread.
// Ownership and lifetime: borrows the items.
// Invariants: (1) each item is taken once. (2) first filled, first taken. (3) `word_` is tag, end
//   and next; the tag changes with every Fill, so that a Take that read a slot too early fails.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/engine/pending/pending_op.h"

namespace tenter {

class ReadyBatch {
 public:
  static constexpr size_t kSize = 32;

  // Puts `count` items in. REQUIRES: empty, count <= kSize.
  void Fill(Runnable* const* items, size_t count) {
    for (size_t i = 0; i < count; ++i) slots_[i].Store(items[i], kRelaxed);
    const uint64_t tag = (word_.Load(kRelaxed) >> 32) + 1;
    word_.Store(tag << 32 | count << 16, kSeqCst);  // published: see Parking
  }

  // The oldest item, or null.
  Runnable* Take() {
    uint64_t word = word_.Load(kSeqCst);
    while (Next(word) < End(word)) {
      Runnable* const item = slots_[Next(word)].Load(kRelaxed);
      if (!word_.CompareExchange(&word, word + 1, kAcqRel)) continue;
      if (Next(word) + 1 < End(word))
        static_cast<const PendingOp*>(slots_[Next(word) + 1].Load(kRelaxed))->Prefetch();
      return item;
    }
    return nullptr;
  }

  bool empty() const {
    const uint64_t word = word_.Load(kSeqCst);
    return Next(word) == End(word);
  }

 private:
  static uint64_t Next(uint64_t word) { return word & 0xffff; }
  static uint64_t End(uint64_t word) { return word >> 16 & 0xffff; }

  Atomic<uint64_t> word_ = 0;  // the store of Fill pairs with the load of Take
  std::array<Atomic<Runnable*>, kSize> slots_ = {};
};

}  // namespace tenter
