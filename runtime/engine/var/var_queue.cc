#include "runtime/engine/var/var_queue.h"

#include <utility>

#include "runtime/base/atomic.h"
#include "runtime/base/check.h"

namespace tenter {

namespace {

// The op that will be granted after this one was written by another thread: its lines can come
// while this one runs. The access is in the block of the op, two lines behind its start, or it is
// not, and nothing is lost.
void PrefetchOp(const Access* access) {
  if (access == nullptr) return;
  for (int line = 0; line <= 2; ++line)
    PrefetchForWrite(reinterpret_cast<const char*>(access) - 64 * line);
}

}  // namespace

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
  PrefetchOp(head_);
  last->next = nullptr;
  return first;
}

void VarQueue::RemoveWaits() {
  Access* access = std::exchange(head_, nullptr);
  tail_ = nullptr;
  while (access != nullptr) {
    Access* const next = access->next;
    if (access->mode != AccessMode::kWait) {
      access->next = nullptr;
      (head_ == nullptr ? head_ : tail_->next) = access;
      tail_ = access;
    }
    access = next;
  }
}

}  // namespace tenter
