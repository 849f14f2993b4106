#include "runtime/capi/context/handle_table.h"

#include <new>
#include <string>
#include <utility>

#include "runtime/base/thread.h"

namespace tenter {

HandleTable::~HandleTable() {
  LeaveFork(this);
  for (auto& chunk : chunks_) delete[] chunk.Load(kRelaxed);
}

Result<uintptr_t> HandleTable::Add(HandleObject object, bool takes_brief) {
  MutexLock lock(mutex_);
  if (cleared_) return Status(StatusCode::kClosed, "the context is being freed");
  const uint32_t index = TakeFree();
  if (index == kNone)
    return Status(StatusCode::kResourceExhausted,
                  "all " + std::to_string(kSlotsMost) + " handles are in use");
  ++live_;
  HandleSlot& slot = *At(index);
  slot.index = index;
  slot.object = std::move(object);
  slot.takes_brief = takes_brief;
  if (takes_brief && !std::exchange(slot.is_listed, true))
    slot.next_listed = std::exchange(listed_, index);
  slot.Open(++slot.generation, takes_brief && !pausing_);
  return slot.generation << HandleSlot::kGenerationShift | index;
}

// A free slot, or kNone when there can be no more. Throws std::bad_alloc.
uint32_t HandleTable::TakeFree() {
  if (free_ != kNone) return std::exchange(free_, At(free_)->next_free);
  const uint32_t index = size_.Load(kRelaxed);
  if (index == kSlotsMost) return kNone;
  Atomic<HandleSlot*>& chunk = chunks_[Chunk(index)];
  if (chunk.Load(kRelaxed) == nullptr)
    chunk.Store(new HandleSlot[ChunkSize(Chunk(index))], kRelaxed);
  size_.Store(index + 1, kRelease);
  return index;
}

// The slot stays taken until the object is gone: whoever waits for an empty table waits for that.
void HandleTable::LeaveClosed(HandleSlot* slot) {
  if (!slot->LeaveClosed()) return;
  TakeObject(slot);  // and destroys it, without the lock
  MutexLock lock(mutex_);
  if (slot->generation < HandleSlot::kGenerationMost) {
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
      number |= slot.generation << HandleSlot::kGenerationShift;
    }
    uint32_t stripe = 0;
    if (Enter<CallKind::kAny>(number, &stripe) == nullptr) continue;
    slot.Close(number);
    Leave(&slot, stripe, CallKind::kAny);
  }
}

bool HandleTable::AwaitEmpty() {
  MutexLock lock(mutex_);
  while (live_ > 0 && !forked_) emptied_.Wait(mutex_);
  return live_ == 0;
}

// Whoever is inside ends without this thread, and without the lock.
void HandleTable::PauseForFork() {
  for (uint32_t index = SetPausing(true); index != kNone; index = At(index)->next_listed)
    while (At(index)->HasBrief()) YieldThread();
}

void HandleTable::GoOn() { SetPausing(false); }

uint32_t HandleTable::SetPausing(bool pausing) {
  MutexLock lock(mutex_);
  pausing_ = pausing;
  for (uint32_t index = listed_; index != kNone; index = At(index)->next_listed)
    if (HandleSlot& slot = *At(index); slot.takes_brief) slot.AllowBrief(!pausing);
  return listed_;
}

void HandleTable::BeforeFork() NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
void HandleTable::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }
// A call that was leaving a closed slot just then may stay counted: then the object goes at Clear.
void HandleTable::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  forked_ = true;
  pausing_ = false;
  new (&emptied_) CondVar;  // those who waited exist in the parent only
  for (uint32_t index = 0; index < size_.Load(kAcquire); ++index) {
    At(index)->takes_brief = false;
    At(index)->ForgetOthers();
  }
  mutex_.Unlock();
}

}  // namespace tenter
