#include "runtime/engine/var_queue.h"

#include "runtime/base/check.h"

namespace tenter {

Access* VarQueue::Complete(Access* access) {
  TENTER_CHECK(access->granted, "an access was completed that was never granted");
  access->granted = false;
  if (Writes(access->mode))
    writing_ = false;
  else
    --readers_;

  Access* const first = head_;
  Access* last = nullptr;
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
