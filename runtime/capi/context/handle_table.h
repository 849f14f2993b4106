// HandleTable: the objects behind the handles of a context; finding one takes no lock.
//
//   free --Add--> open --Close--> closed --(the last call has left)--> free, its object destroyed
//
// A handle is a number: the index of a slot, and a generation that the slot never has again. Every
// call is inside of its slot while it runs (Pin); whoever leaves a closed slot last destroys its
// object (HandleSlot).
//
// A fork waits for the brief calls, and others come in for them meanwhile. In its child the calls
// of other threads are gone: they are counted no more, but for those on the stripe of the thread
// that goes on there, which may be inside itself. Clear waits for nobody there. A handle from
// before the fork takes no brief calls there, since its engine may rest until its first call.
//
// LOCK ORDER: mutex_ is a leaf; no object is destroyed under it.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: a slot owns its object until the last call has left. Slots never move,
//   and go with the table.
// Invariants: (1) the object of a slot changes only while nobody is inside, and under the lock, so
//   that no fork sees half of it. (2) a slot that has used up its generations is not used again.
//   (3) no lock is held while brief calls are waited for.
// Errors: Add answers kResourceExhausted, and kClosed after Clear, and throws std::bad_alloc;
//   nothing is added then.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>

#include "runtime/base/atomic.h"
#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/capi/context/handle_kind.h"
#include "runtime/capi/context/handle_slot.h"

namespace tenter {

class HandleTable final : private ForkMember {
 public:
  HandleTable() { JoinFork(this); }
  ~HandleTable();
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  // The number for `object`; never 0. `takes_brief` when brief calls may use it.
  Result<uintptr_t> Add(HandleObject object, bool takes_brief = false) EXCLUDES(mutex_);

  // The slot of an open number, with the caller inside; null when it is none, or takes no brief
  // calls and this is one. Writes the stripe on which to leave.
  template <CallKind kKind>
  HandleSlot* Enter(uintptr_t number, uint32_t* stripe) {
    HandleSlot* const slot = At(number & kIndexMask);
    return slot != nullptr && slot->TryEnter<kKind>(number, stripe) ? slot : nullptr;
  }
  void Leave(HandleSlot* slot, uint32_t stripe, CallKind kind) EXCLUDES(mutex_) {
    if (slot->Leave(stripe, kind)) [[unlikely]]
      LeaveClosed(slot);
  }

  // Closes all slots, and returns when all objects are gone.
  void Clear() EXCLUDES(mutex_);

 private:
  static constexpr int kIndexBits = 22, kFirstChunkBits = 3;
  static constexpr uint64_t kIndexMask = (uint64_t{1} << HandleSlot::kGenerationShift) - 1;
  static constexpr uint32_t kSlotsMost = uint32_t{1} << kIndexBits;
  static constexpr uint32_t kNone = UINT32_MAX;

  // Chunks of 8, 16, 32 ... slots: with 8 added, the bits of an index say both.
  static size_t Chunk(uint64_t index) { return std::bit_width(index + 8) - 1 - kFirstChunkBits; }
  static size_t ChunkSize(size_t chunk) { return size_t{8} << chunk; }

  HandleSlot* At(uint64_t index) const {
    if (index >= size_.Load(kAcquire)) return nullptr;
    const size_t chunk = Chunk(index);
    return &chunks_[chunk].Load(kRelaxed)[index + 8 - ChunkSize(chunk)];
  }
  uint32_t TakeFree() REQUIRES(mutex_);
  void LeaveClosed(HandleSlot* slot) EXCLUDES(mutex_);
  void CloseAll() EXCLUDES(mutex_);
  // False in the child of a fork, at once.
  bool AwaitEmpty() EXCLUDES(mutex_);
  HandleObject TakeObject(HandleSlot* slot) EXCLUDES(mutex_);
  // Returns the first slot of the list of those that may have brief calls.
  uint32_t SetPausing(bool pausing) EXCLUDES(mutex_);
  void PauseForFork() override EXCLUDES(mutex_);
  void GoOn() override EXCLUDES(mutex_);
  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

  std::array<Atomic<HandleSlot*>, kIndexBits - kFirstChunkBits + 1> chunks_ = {};
  Atomic<uint32_t> size_ = 0;  // of slots that exist; its release pairs with At's acquire
  Mutex mutex_;
  CondVar emptied_;
  bool cleared_ GUARDED_BY(mutex_) = false;
  bool forked_ GUARDED_BY(mutex_) = false;   // this is the child
  bool pausing_ GUARDED_BY(mutex_) = false;  // for a fork: no brief calls
  size_t live_ GUARDED_BY(mutex_) = 0;       // slots that are not free
  uint32_t free_ GUARDED_BY(mutex_) = kNone;
  // The slots that took brief calls at some time, so that a fork need not look at all others. It
  // only grows, at its head, so whoever has its head may follow it without the lock.
  uint32_t listed_ GUARDED_BY(mutex_) = kNone;
};
static_assert(sizeof(uintptr_t) == sizeof(uint64_t), "a handle carries 64 bits");

// The object of a handle, in use by one call; or nothing.
template <typename T, CallKind kKind = CallKind::kAny>
class Pin {
 public:
  Pin(HandleTable* table, uintptr_t number)
      : table_(table), slot_(table->Enter<kKind>(number, &stripe_)) {
    if (slot_ != nullptr) shared_ = std::get_if<std::shared_ptr<T>>(&slot_->object);
  }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin() {
    if (slot_ != nullptr) table_->Leave(slot_, stripe_, kKind);
  }

  explicit operator bool() const { return shared_ != nullptr; }
  // REQUIRES, as what follows: not empty.
  T* operator->() const { return shared_->get(); }
  T& operator*() const { return **shared_; }
  const std::shared_ptr<T>& shared() const { return *shared_; }
  HandleSlot* slot() const { return slot_; }

 private:
  HandleTable* const table_;
  uint32_t stripe_ = 0;
  HandleSlot* const slot_;
  const std::shared_ptr<T>* shared_ = nullptr;  // null as well for an object of another kind
};

}  // namespace tenter
