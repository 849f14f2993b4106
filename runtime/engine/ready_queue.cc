#include "runtime/engine/ready_queue.h"

#include <utility>

#include "runtime/base/check.h"

namespace tenter {

void ReadyQueue::Reserve(size_t ops) {
  // Doubling keeps the cost of a push constant on average; reserve(n) alone would copy at every
  // push.
  if (heap_.capacity() < ops) heap_.reserve(ops * 2);
}

void ReadyQueue::Push(PendingOp* op) {
  TENTER_CHECK(heap_.size() < heap_.capacity(), "no room was reserved for a ready op");
  op->overtaken = 0;
  op->ready_older = newest_;
  op->ready_newer = nullptr;
  (newest_ == nullptr ? oldest_ : newest_->ready_newer) = op;
  newest_ = op;
  heap_.push_back({op->op.priority, next_age_++, op});
  op->ready_index = heap_.size() - 1;
  SiftUp(op->ready_index);
}

PendingOp* ReadyQueue::Pop() {
  TENTER_CHECK(!heap_.empty(), "pop of an empty ready queue");
  PendingOp* op = heap_[0].op;
  if (op != oldest_) {
    if (oldest_->overtaken >= kOvertakeLimit)
      op = oldest_;
    else
      ++oldest_->overtaken;
  }
  RemoveFromHeap(op->ready_index);
  RemoveFromList(op);
  return op;
}

void ReadyQueue::RemoveFromList(PendingOp* op) {
  (op->ready_older == nullptr ? oldest_ : op->ready_older->ready_newer) = op->ready_newer;
  (op->ready_newer == nullptr ? newest_ : op->ready_newer->ready_older) = op->ready_older;
}

void ReadyQueue::RemoveFromHeap(size_t index) {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  Place(index, last);
  SiftUp(index);
  SiftDown(last.op->ready_index);
}

void ReadyQueue::Place(size_t index, const Entry& entry) {
  heap_[index] = entry;
  entry.op->ready_index = index;
}

void ReadyQueue::SiftUp(size_t index) {
  const Entry entry = heap_[index];
  while (index > 0 && Before(entry, heap_[(index - 1) / 2])) {
    Place(index, heap_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  Place(index, entry);
}

void ReadyQueue::SiftDown(size_t index) {
  const Entry entry = heap_[index];
  while (true) {
    size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) ++child;
    if (!Before(heap_[child], entry)) break;
    Place(index, heap_[child]);
    index = child;
  }
  Place(index, entry);
}

}  // namespace tenter
