#include "runtime/engine/threaded/threaded_bulk.h"

#include <new>
#include <utility>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/scope.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/threaded/open_bulks.h"

namespace tenter {

ThreadedBulk::ThreadedBulk(BulkHost* host, OpenBulks* bulks, Probe* probe, size_t most_ops)
    : host_(host), bulks_(bulks), probe_(probe), most_ops_(most_ops), owner_(CurrentThreadKey()) {
  bulks_->Join(this);
}

ThreadedBulk::~ThreadedBulk() {
  static_cast<void>(Flush());  // first: whoever waits meanwhile flushes what is in the list
  bulks_->Leave(this);
}

Status ThreadedBulk::Push(Op&& op) {
  if (!op.body) return NoBody(op.name);
  host_->AwaitFirstCall();
  HandedOver handed_over;
  if (op.body.is_async() || op.priority != 0 || op.timeout_ns != 0) {
    HandOverNow(&handed_over);
    host_->FinishHandOver(handed_over);
    return host_->PushSingle(std::move(op)).status();
  }
  try {
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = op.name);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(op.name);
  }
  if (Empty()) bulks_->FlushOthers(*this);
  const Status status = Append(&op, &handed_over);
  host_->FinishHandOver(handed_over);
  return status;
}

Status ThreadedBulk::Append(Op* op, HandedOver* handed_over) {
  MutexLock lock(mutex_);
  bool awaited = false;
  try {
    PendingOp* const pending = host_->PrepareForGroup(op);
    pending->next_ready.Store(nullptr, kRelaxed);
    if (first_ == nullptr)
      first_ = pending;
    else
      last_->next_ready.Store(pending, kRelaxed);
    last_ = pending;
    accesses_ += pending->access_count;
    awaited = pending->scope != nullptr && pending->scope->Enter(1);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(op->name);
  }
  if (++ops_ >= most_ops_ || awaited) HandOver(handed_over);
  return {};
}

bool ThreadedBulk::Empty() {
  MutexLock lock(mutex_);
  return ops_ == 0;
}

Status ThreadedBulk::Flush() {
  HandedOver handed_over;
  Status status;
  {
    MutexLock lock(mutex_);
    HandOver(&handed_over);
    status = std::exchange(refused_, Status());
  }
  host_->FinishHandOver(handed_over);
  return status;
}

void ThreadedBulk::HandOverNow(HandedOver* handed_over) {
  MutexLock lock(mutex_);
  HandOver(handed_over);
}

void ThreadedBulk::HandOver(HandedOver* handed_over) {
  if (ops_ == 0) return;
  Status status = host_->PushGroup(std::exchange(first_, nullptr), std::exchange(ops_, 0),
                                   std::exchange(accesses_, 0), handed_over);
  if (refused_.ok()) refused_ = std::move(status);
}

}  // namespace tenter
