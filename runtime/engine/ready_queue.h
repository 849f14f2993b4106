// ReadyQueue: the ops that may run now; highest priority first, without starvation (ENG-10).
//
// A binary heap by (priority, age) and, through the same ops, a list by age. Pop takes the top of
// the heap, unless the oldest op has been overtaken kOvertakeLimit times: then it takes that one.
//
// Thread safety: none of its own; guarded by the engine's lock.
// Ownership and lifetime: borrows the ops.
// Invariants: (1) an op that became ready as the k-th oldest is popped after at most k *
//   (kOvertakeLimit + 1) pops, whatever is pushed later. (2) among equal priorities: first ready,
//   first popped. (3) Push allocates nothing after Reserve.
// Errors: Reserve throws std::bad_alloc and changes nothing then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/engine/pending_op.h"

namespace tenter {

class ReadyQueue {
 public:
  static constexpr uint32_t kOvertakeLimit = 32;

  // Makes room for `ops` ops in all.
  void Reserve(size_t ops);

  void Push(PendingOp* op);

  // Takes the op that should run next. REQUIRES: not empty.
  PendingOp* Pop();

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    int priority;
    uint64_t age;  // counts pushes: smaller is older
    PendingOp* op;
  };
  static bool Before(const Entry& a, const Entry& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.age < b.age;
  }
  void Place(size_t index, const Entry& entry);
  void SiftUp(size_t index);
  void SiftDown(size_t index);
  void RemoveFromHeap(size_t index);
  void RemoveFromList(PendingOp* op);

  std::vector<Entry> heap_;
  uint64_t next_age_ = 0;
  PendingOp* oldest_ = nullptr;
  PendingOp* newest_ = nullptr;
};

}  // namespace tenter
