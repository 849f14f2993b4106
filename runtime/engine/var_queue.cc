#include "runtime/engine/var_queue.h"

#include "runtime/base/check.h"

namespace tenter {

void VarQueue::Grant(QueuedAccess* access) {
  access->granted = true;
  if (Writes(access->mode))
    writing_ = true;
  else
    ++readers_;
}

bool VarQueue::Append(QueuedAccess* access) {
  access->next = nullptr;
  // A read may not pass a waiting write, or writers would starve and the order would depend on
  // timing.
  if (head_ == nullptr && CanGrant(access->mode)) {
    Grant(access);
    return true;
  }
  (head_ == nullptr ? head_ : tail_->next) = access;
  tail_ = access;
  return false;
}

QueuedAccess* VarQueue::Complete(QueuedAccess* access) {
  TENTER_CHECK(access->granted, "an access was completed that was never granted");
  access->granted = false;
  if (Writes(access->mode))
    writing_ = false;
  else
    --readers_;

  QueuedAccess* const first = head_;
  QueuedAccess* last = nullptr;
  while (head_ != nullptr && CanGrant(head_->mode)) {
    last = head_;
    head_ = head_->next;
    Grant(last);
  }
  if (last == nullptr) return nullptr;
  last->next = nullptr;
  return first;
}

}  // namespace tenter
