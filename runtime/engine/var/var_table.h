// VarTable: the vars of an engine, by handle; slots are reused under a new generation (ENG-8).
//
//   chunks of 64 slots for the first 8192 vars, of 128 for the next 8192, of 256 for the next
//   16384, and so on: an index finds its slot with one count of leading bits and one load, chunks
//   never move, looking up takes no lock, and at most one part in 64 is not in use yet.
//
// Thread safety: At may be called from any thread; Add and Remove lock. State guards itself.
// Ownership and lifetime: owns one State per slot, from the first Add of the slot to the end of
//   the table; a State keeps its address and is reused. `State::next_free` belongs to the table.
// Invariants: (1) At answers null for an index that was never given out. (2) a removed slot is
//   free for Add at once; its State carries the generation. (3) Remove allocates nothing.
// Errors: Add throws std::bad_alloc and changes nothing then.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <new>

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"

namespace tenter {

template <typename State>
class VarTable {
 public:
  VarTable() = default;
  ~VarTable() {
    for (auto& chunk : chunks_) delete[] chunk.Load(kRelaxed);
  }
  VarTable(const VarTable&) = delete;
  VarTable& operator=(const VarTable&) = delete;

  // The index of a free slot.
  uint32_t Add() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++live_;
    if (free_ != kNone) {
      const uint32_t index = free_;
      free_ = Slot(index).next_free;
      return index;
    }
    const uint32_t index = size_.Load(kRelaxed);
    Atomic<State*>& chunk = chunks_[Chunk(index)];
    if (chunk.Load(kRelaxed) == nullptr) {
      State* const states = new (std::nothrow) State[ChunkSize(index)];
      if (states == nullptr) {
        --live_;
        throw std::bad_alloc();
      }
      chunk.Store(states, kRelease);
    }
    size_.Store(index + 1, kRelease);
    return index;
  }

  // Makes the slot free for Add. REQUIRES: given out, not removed since.
  void Remove(uint32_t index) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    --live_;
    Slot(index).next_free = free_;
    free_ = index;
  }

  // The state of a slot, or null when the index was never given out.
  State* At(uint32_t index) const {
    if (index >= size_.Load(kAcquire)) [[unlikely]]
      return nullptr;
    return &Slot(index);
  }
  // REQUIRES: given out before.
  State& Slot(uint32_t index) const {
    return chunks_[Chunk(index)].Load(kAcquire)[index & (ChunkSize(index) - 1)];
  }

  size_t live() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return live_;
  }
  uint32_t size() const { return size_.Load(kAcquire); }
  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }  // for a fork

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kFirstBits = 6, kFullSizeBits = 13;
  // How often the size of chunks has doubled before this index.
  static uint32_t Doublings(uint32_t index) {
    const auto bits = static_cast<uint32_t>(std::bit_width(index));
    return bits > kFullSizeBits ? bits - kFullSizeBits : 0;
  }
  static uint32_t Chunk(uint32_t index) {
    const uint32_t doublings = Doublings(index);
    return (index >> (kFirstBits + doublings)) + (doublings << kFirstBits);
  }
  static uint32_t ChunkSize(uint32_t index) { return 1u << (kFirstBits + Doublings(index)); }

  static constexpr size_t kChunks = (32 - kFullSizeBits + 2) << kFirstBits;
  std::array<Atomic<State*>, kChunks> chunks_ = {};  // the release of Add pairs with Slot's acquire
  Atomic<uint32_t> size_ = 0;                        // so does this one's with At's
  mutable Mutex mutex_;
  uint32_t free_ GUARDED_BY(mutex_) = kNone;
  size_t live_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tenter
