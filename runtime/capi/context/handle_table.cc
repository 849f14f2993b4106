#include "runtime/capi/context/handle_table.h"

#include <new>
#include <utility>

namespace tenter {

HandleTable::~HandleTable() {
  LeaveFork(this);
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

// The slot stays taken until the object is gone: whoever waits for an empty table waits for that.
void HandleTable::LeaveClosed(HandleSlot* slot) {
  if (slot->left_inside.FetchSub(1, kAcqRel) != 1) return;
  TakeObject(slot);  // and destroys it, without the lock
  MutexLock lock(mutex_);
  if (slot->generation < kGenerationMost) {
    slot->next_free = free_;
    free_ = slot->index;
  }
  if (--live_ == 0) emptied_.NotifyAll();
}

HandleObject HandleTable::TakeObject(HandleSlot* slot) {
  MutexLock lock(mutex_);
  return std::exchange(slot->object, HandleObject());
}

void HandleTable::Clear() {
  CloseAll();
  if (AwaitEmpty()) return;
  for (uint32_t index = 0; index < size_.Load(kAcquire); ++index) TakeObject(At(index));
}

void HandleTable::CloseAll() {
  {
    MutexLock lock(mutex_);
    cleared_ = true;
  }
  for (uint32_t index = 0; index < size_.Load(kAcquire); ++index) {
    HandleSlot& slot = *At(index);
    uintptr_t number = index;
    {
      MutexLock lock(mutex_);
      number |= slot.generation << kIndexBits;
    }
    uint32_t stripe = 0;
    if (Enter(number, &stripe) == nullptr) continue;
    Close(&slot, number);
    Leave(&slot, stripe);
  }
}

bool HandleTable::AwaitEmpty() {
  MutexLock lock(mutex_);
  while (live_ > 0 && !forked_) emptied_.Wait(mutex_);
  return live_ == 0;
}

void HandleTable::BeforeFork() NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
void HandleTable::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }
void HandleTable::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  forked_ = true;
  new (&emptied_) CondVar;  // those who waited exist in the parent only
  for (uint32_t index = 0; index < size_.Load(kAcquire); ++index) ForgetOthers(At(index));
  mutex_.Unlock();
}

// A call that was leaving a closed slot just then may stay counted: then the object goes at Clear.
void HandleTable::ForgetOthers(HandleSlot* slot) {
  const uint32_t mine = StripeOfThisThread<HandleSlot::kStripes>();
  for (uint32_t i = 0; i < HandleSlot::kStripes; ++i) {
    if (i == mine) continue;
    Atomic<uint64_t>& word = slot->stripes[i].word;
    const uint64_t seen = word.Load(kRelaxed), inside = seen & kInsideMask;
    word.Store(seen - inside, kRelaxed);
    if ((seen & kClosed) != 0) slot->left_inside.FetchSub(static_cast<int64_t>(inside), kRelaxed);
  }
}

}  // namespace tenter
