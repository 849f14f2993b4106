// ReadyQueue: the ready ops that have a priority; highest first, without starvation (ENG-10).
//
// A binary heap by (priority, age) and, through the same slots, a list by age. Pop takes the top of
// the heap, unless the oldest op, since it is that, was overtaken kOvertakeLimit times: then that.
//
// Thread safety: none of its own; guarded by a lock of the engine.
// Ownership and lifetime: borrows the ops.
// Invariants: (1) an op that became ready as the k-th oldest is popped after at most k *
//   (kOvertakeLimit + 1) pops, whatever is pushed later. (2) among equal priorities: first ready,
//   first popped. (3) Push allocates nothing after Reserve.
// Errors: Reserve throws std::bad_alloc and changes nothing that can be seen then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/engine/pending/pending_op.h"

namespace tenter {

class ReadyQueue {
 public:
  static constexpr uint32_t kOvertakeLimit = 32;

  // Makes room for `ops` ops in all.
  void Reserve(size_t ops);

  void Push(PendingOp* op);

  // Takes the op that should run next. REQUIRES: not empty.
  PendingOp* Pop();
  // Takes the oldest op, whatever its priority. REQUIRES: not empty.
  PendingOp* PopOldest() { return Take(oldest_); }

  // REQUIRES: not empty.
  int32_t top_priority() const { return slots_[heap_[0]].priority; }

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Slot {
    PendingOp* op;
    uint64_t age;  // counts pushes: smaller is older
    int32_t priority;
    uint32_t place;         // in heap_
    uint32_t older, newer;  // slots
    uint32_t overtaken;
  };
  bool Before(uint32_t a, uint32_t b) const {
    const Slot &first = slots_[a], &second = slots_[b];
    return first.priority != second.priority ? first.priority > second.priority
                                             : first.age < second.age;
  }
  void Place(uint32_t place, uint32_t slot) {
    heap_[place] = slot;
    slots_[slot].place = place;
  }
  void SiftUp(uint32_t place);
  void SiftDown(uint32_t place);
  PendingOp* Take(uint32_t slot);
  void RemoveFromHeap(uint32_t place);
  void RemoveFromList(const Slot& slot);

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::vector<uint32_t> heap_;  // of slots
  uint64_t next_age_ = 0;
  uint32_t oldest_ = kNone, newest_ = kNone;
};

}  // namespace tenter
