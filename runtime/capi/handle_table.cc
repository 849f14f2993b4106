#include "runtime/capi/handle_table.h"

#include <new>
#include <utility>

namespace tenter {

HandleTable::~HandleTable() {
  for (auto& chunk : chunks_) delete[] chunk.Load(kRelaxed);
}

Result<uintptr_t> HandleTable::Add(HandleObject object) {
  MutexLock lock(mutex_);
  if (cleared_) return Status(StatusCode::kClosed, "the context is being freed");
  const uint32_t index = TakeFree();
  if (index == kNone)
    return Status(StatusCode::kResourceExhausted,
                  "all " + std::to_string(kIndexMask) + " handles are in use");
  ++live_;
  HandleSlot& slot = *At(index);
  slot.index = index;
  slot.object = std::move(object);
  const uint64_t open = ++slot.generation << kIndexBits;
  for (HandleStripe& stripe : slot.stripes) stripe.word.Store(open, kRelease);
  return open | index;
}

// A free slot, or kNone when there can be no more. Throws std::bad_alloc.
uint32_t HandleTable::TakeFree() {
  if (free_ != kNone) return std::exchange(free_, At(free_)->next_free);
  const uint32_t index = size_.Load(kRelaxed);
  if (index == kIndexMask) return kNone;
  Atomic<HandleSlot*>& chunk = chunks_[Chunk(index)];
  if (chunk.Load(kRelaxed) == nullptr)
    chunk.Store(new HandleSlot[ChunkSize(Chunk(index))], kRelaxed);
  size_.Store(index + 1, kRelease);
  return index;
}

bool HandleTable::Close(HandleSlot* slot, uintptr_t number) {
  Atomic<uint64_t>& first = slot->stripes[0].word;
  uint64_t seen = first.Load(kRelaxed);
  do {
    if ((seen & ~kInsideMask) != (number & ~kIndexMask)) return false;
  } while (!first.CompareExchange(&seen, seen | kClosed, kAcqRel));
  // `seen` is what the exchange replaced.
  auto inside = static_cast<int64_t>(seen & kInsideMask);
  for (size_t i = 1; i < HandleSlot::kStripes; ++i)
    inside += static_cast<int64_t>(slot->stripes[i].word.FetchOr(kClosed, kAcqRel) & kInsideMask);
  slot->left_inside.FetchAdd(inside, kAcqRel);  // not to zero: the caller is inside
  return true;
}

void HandleTable::LeaveClosed(HandleSlot* slot) {
  if (slot->left_inside.FetchSub(1, kAcqRel) != 1) return;
  // Before the slot is free: whoever waits for the table to be empty waits for this as well.
  slot->object = HandleObject();
  MutexLock lock(mutex_);
  if (slot->generation < kGenerationMost) {
    slot->next_free = free_;
    free_ = slot->index;
  }
  if (--live_ == 0) emptied_.NotifyAll();
}

void HandleTable::Clear() {
  {
    MutexLock lock(mutex_);
    cleared_ = true;
  }
  for (uint32_t index = 0; index < size_.Load(kAcquire); ++index) {
    HandleSlot& slot = *At(index);
    uint64_t generation = 0;
    {
      MutexLock lock(mutex_);
      generation = slot.generation;
    }
    uint32_t stripe = 0;
    const uintptr_t number = generation << kIndexBits | index;
    if (Enter(number, &stripe) == nullptr) continue;
    Close(&slot, number);
    Leave(&slot, stripe);
  }
  AwaitEmpty();
}

void HandleTable::AwaitEmpty() {
  MutexLock lock(mutex_);
  while (live_ > 0) emptied_.Wait(mutex_);
}

}  // namespace tenter
