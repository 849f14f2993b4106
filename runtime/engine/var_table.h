// VarTable: the vars of an engine, by handle; slots are reused under a new generation (ENG-8).
//
//   directory: chunk 0 has 64 slots, chunk k > 0 has 64 * 2^(k-1): an index finds its slot with one
//   count of leading bits and one load, chunks never move, and looking up takes no lock.
//
// Thread safety: At may be called from any thread; Add and Remove lock. State guards itself.
// Ownership and lifetime: owns one State per slot, from the first Add of the slot to the end of
//   the table; a State keeps its address and is reused.
// Invariants: (1) At answers null for an index that was never given out. (2) a removed slot is
//   free for Add at once; its State carries the generation.
// Errors: Add throws std::bad_alloc and changes nothing then.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

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
    if (!free_.empty()) {
      const uint32_t index = free_.back();
      free_.pop_back();
      return index;
    }
    const uint32_t index = size_.Load(kRelaxed);
    // So that Remove never allocates; doubled, since reserve(n + 1) alone would copy each time.
    if (free_.capacity() <= index) free_.reserve(std::max<size_t>(kFirst, 2 * size_t{index}));
    Atomic<State*>& chunk = chunks_[ChunkOf(index)];
    if (chunk.Load(kRelaxed) == nullptr)
      chunk.Store(new State[SlotsOf(ChunkOf(index))], kRelease);
    size_.Store(index + 1, kRelease);
    return index;
  }

  // Makes the slot free for Add. REQUIRES: given out, not removed since.
  void Remove(uint32_t index) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    free_.push_back(index);
  }

  // The state of a slot, or null when the index was never given out.
  State* At(uint32_t index) const {
    if (index >= size_.Load(kAcquire)) [[unlikely]]
      return nullptr;
    return &Slot(index);
  }
  // REQUIRES: given out before.
  State& Slot(uint32_t index) const {
    const int chunk = ChunkOf(index);
    return chunks_[chunk].Load(kAcquire)[index - FirstOf(chunk)];
  }

  size_t live() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return size_.Load(kRelaxed) - free_.size();
  }
  uint32_t size() const { return size_.Load(kAcquire); }

 private:
  static constexpr uint32_t kFirst = 64;
  static int ChunkOf(uint32_t index) { return std::bit_width(index / kFirst); }
  static uint32_t SlotsOf(int chunk) { return chunk == 0 ? kFirst : kFirst << (chunk - 1); }
  static uint32_t FirstOf(int chunk) { return chunk == 0 ? 0 : kFirst << (chunk - 1); }

  std::array<Atomic<State*>, 27> chunks_ = {};  // the release of Add pairs with Slot's acquire
  Atomic<uint32_t> size_ = 0;                   // so does this one's with At's
  mutable Mutex mutex_;
  std::vector<uint32_t> free_ GUARDED_BY(mutex_);
};

}  // namespace tenter
