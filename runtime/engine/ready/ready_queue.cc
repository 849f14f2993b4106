#include "runtime/engine/ready/ready_queue.h"

#include "runtime/base/check.h"

namespace tenter {

void ReadyQueue::Reserve(size_t ops) {
  if (slots_.size() >= ops) return;
  // Doubling keeps the cost of a push constant on average.
  const size_t room = ops * 2;
  heap_.reserve(room);
  free_.reserve(room);
  const size_t had = slots_.size();
  slots_.resize(room);
  for (size_t slot = room; slot > had; --slot) free_.push_back(static_cast<uint32_t>(slot - 1));
}

void ReadyQueue::Push(PendingOp* op) {
  TENTER_CHECK(!free_.empty(), "no room was reserved for a ready op");
  const uint32_t slot = free_.back();
  free_.pop_back();
  slots_[slot] = {.op = op,
                  .age = next_age_++,
                  .priority = op->priority,
                  .place = 0,
                  .older = newest_,
                  .newer = kNone,
                  .overtaken = 0};
  (newest_ == kNone ? oldest_ : slots_[newest_].newer) = slot;
  newest_ = slot;
  heap_.push_back(slot);
  SiftUp(static_cast<uint32_t>(heap_.size() - 1));
}

PendingOp* ReadyQueue::Pop() {
  TENTER_CHECK(!heap_.empty(), "pop of an empty ready queue");
  uint32_t slot = heap_[0];
  if (slot != oldest_) {
    if (slots_[oldest_].overtaken >= kOvertakeLimit)
      slot = oldest_;
    else
      ++slots_[oldest_].overtaken;
  }
  return Take(slot);
}

PendingOp* ReadyQueue::Take(uint32_t slot) {
  RemoveFromHeap(slots_[slot].place);
  RemoveFromList(slots_[slot]);
  free_.push_back(slot);
  return slots_[slot].op;
}

void ReadyQueue::RemoveFromList(const Slot& slot) {
  (slot.older == kNone ? oldest_ : slots_[slot.older].newer) = slot.newer;
  (slot.newer == kNone ? newest_ : slots_[slot.newer].older) = slot.older;
}

void ReadyQueue::RemoveFromHeap(uint32_t place) {
  const uint32_t last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  Place(place, last);
  SiftUp(place);
  SiftDown(slots_[last].place);
}

void ReadyQueue::SiftUp(uint32_t place) {
  const uint32_t slot = heap_[place];
  while (place > 0 && Before(slot, heap_[(place - 1) / 2])) {
    Place(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  Place(place, slot);
}

void ReadyQueue::SiftDown(uint32_t place) {
  const uint32_t slot = heap_[place];
  while (true) {
    uint32_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && Before(heap_[child + 1], heap_[child])) ++child;
    if (!Before(heap_[child], slot)) break;
    Place(place, heap_[child]);
    place = child;
  }
  Place(place, slot);
}

}  // namespace tenter
