// HandleTable: the objects behind the handles of a context; finding one takes no lock.
//
//   free --Add--> open --Close--> closed --(the last call has left)--> free, its object destroyed
//
// A handle is a number: the index of a slot, and a generation that the slot never has again. Every
// call is inside of its slot while it runs (Pin). Calls count themselves on a stripe of their own
// thread, so that callers of one handle do not meet:
//
//   word of a stripe = [generation 42 | closed 1 | calls inside 21]
//
// Close sets `closed` in every word, and adds up in `left_inside` who was inside then; from there
// on whoever leaves counts down there as well. It cannot reach zero before Close has added, and it
// does so once: whoever takes it there was the last, and destroys the object.
//
// In the child of a fork the calls of other threads are gone: they are counted no more, but for
// those on the stripe of the thread that goes on there, which may be inside itself. Clear waits for
// nobody there.
//
// LOCK ORDER: mutex_ is a leaf; no object is destroyed under it.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: a slot owns its object until the last call has left. Slots never move,
//   and go with the table.
// Invariants: (1) a word counts only those who found it open in the generation of their handle, so
//   a closed word only falls. (2) the object of a slot changes only while nobody is inside, and
//   under the lock, so that no fork sees half of it. (3) a
//   slot that has used up its generations is not used again.
// Errors: Add answers kResourceExhausted, and kClosed after Clear, and throws std::bad_alloc;
//   nothing is added then.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "runtime/base/atomic.h"
#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/capi/context/handle_kind.h"

namespace tenter {

struct HandleStripe {
  // The release of Add pairs with the acquire of Enter, that of Leave with Close's acquire.
  alignas(64) Atomic<uint64_t> word = 0;
};

struct HandleSlot {
  static constexpr size_t kStripes = 8;

  std::array<HandleStripe, kStripes> stripes;
  alignas(64) Atomic<int64_t> left_inside = 0;
  HandleObject object;
  uint64_t generation = 0;            // of the table, under its lock: the latest
  uint32_t index = 0, next_free = 0;  // as well
};

class HandleTable final : private ForkMember {
 public:
  HandleTable() { JoinFork(this); }
  ~HandleTable();
  HandleTable(const HandleTable&) = delete;
  HandleTable& operator=(const HandleTable&) = delete;

  // The number for `object`; never 0.
  Result<uintptr_t> Add(HandleObject object) EXCLUDES(mutex_);

  // The slot of an open number, with the caller inside; null when it is none. Writes the stripe on
  // which to leave.
  HandleSlot* Enter(uintptr_t number, uint32_t* stripe) {
    HandleSlot* const slot = At(number & kIndexMask);
    if (slot == nullptr) return nullptr;
    *stripe = StripeOfThisThread<HandleSlot::kStripes>();
    Atomic<uint64_t>& word = slot->stripes[*stripe].word;
    uint64_t seen = word.Load(kRelaxed);
    // What a failed exchange has seen is looked at again: the slot may be closed by then.
    while ((seen & ~kInsideMask) == (number & ~kIndexMask))
      if (word.CompareExchange(&seen, seen + 1, kAcquire)) return slot;
    return nullptr;
  }
  void Leave(HandleSlot* slot, uint32_t stripe) EXCLUDES(mutex_) {
    if ((slot->stripes[stripe].word.FetchSub(1, kRelease) & kClosed) != 0) [[unlikely]]
      LeaveClosed(slot);
  }

  // From here on nobody enters. False when it was closed before. REQUIRES: the caller is inside.
  bool Close(HandleSlot* slot, uintptr_t number);

  // Closes all slots, and returns when all objects are gone.
  void Clear() EXCLUDES(mutex_);

 private:
  static constexpr int kIndexBits = 22, kFirstChunkBits = 3;
  static constexpr uint64_t kIndexMask = (uint64_t{1} << kIndexBits) - 1;
  static constexpr uint64_t kClosed = uint64_t{1} << (kIndexBits - 1), kInsideMask = kClosed - 1;
  static constexpr uint64_t kGenerationMost = (uint64_t{1} << (64 - kIndexBits)) - 1;
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
  void ForgetOthers(HandleSlot* slot) REQUIRES(mutex_);
  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

  std::array<Atomic<HandleSlot*>, kIndexBits - kFirstChunkBits + 1> chunks_ = {};
  Atomic<uint32_t> size_ = 0;  // of slots that exist; its release pairs with At's acquire
  Mutex mutex_;
  CondVar emptied_;
  bool cleared_ GUARDED_BY(mutex_) = false;
  bool forked_ GUARDED_BY(mutex_) = false;  // this is the child
  size_t live_ GUARDED_BY(mutex_) = 0;      // slots that are not free
  uint32_t free_ GUARDED_BY(mutex_) = kNone;
};
static_assert(sizeof(uintptr_t) == sizeof(uint64_t), "a handle carries 64 bits");

// The object of a handle, in use by one call; or nothing.
template <typename T>
class Pin {
 public:
  Pin(HandleTable* table, uintptr_t number) : table_(table), slot_(table->Enter(number, &stripe_)) {
    if (slot_ != nullptr) shared_ = std::get_if<std::shared_ptr<T>>(&slot_->object);
  }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin() {
    if (slot_ != nullptr) table_->Leave(slot_, stripe_);
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
