#include "runtime/engine/threaded_bulk.h"

#include <new>
#include <utility>

#include "runtime/engine/push_rules.h"
#include "runtime/engine/threaded_engine.h"

namespace tenter {

ThreadedBulk::ThreadedBulk(ThreadedEngine* engine, size_t most_ops)
    : engine_(engine), most_ops_(most_ops), owner_(CurrentThreadKey()) {
  engine_->JoinBulk(this);
}

ThreadedBulk::~ThreadedBulk() {
  engine_->LeaveBulk(this);
  static_cast<void>(Flush());
}

Status ThreadedBulk::Push(Op&& op) {
  if (!op.body) return NoBody(op.name);
  const bool alone = op.body.is_async() || op.priority != 0 || op.timeout_ns != 0;
  {
    MutexLock lock(mutex_);
    if (!refused_.ok()) return TakeRefused();
    if (alone) {
      HandOver();
    } else {
      try {
        PendingOp* const pending = engine_->Prepare(&op);
        pending->next_ready.Store(nullptr, kRelaxed);
        if (first_ == nullptr)
          first_ = pending;
        else
          last_->next_ready.Store(pending, kRelaxed);
        last_ = pending;
        accesses_ += pending->access_count;
        if (++ops_ >= most_ops_) HandOver();
        return TakeRefused();
      } catch (const std::bad_alloc&) {
        return NoMemoryFor(op.name);
      }
    }
  }
  return engine_->Push(std::move(op)).status();
}

Status ThreadedBulk::Flush() {
  MutexLock lock(mutex_);
  HandOver();
  return TakeRefused();
}

void ThreadedBulk::FlushForWait() {
  MutexLock lock(mutex_);
  HandOver();
}

void ThreadedBulk::HandOver() {
  if (ops_ == 0) return;
  Status status = engine_->PushGroup(std::exchange(first_, nullptr), std::exchange(ops_, 0),
                                     std::exchange(accesses_, 0));
  if (refused_.ok()) refused_ = std::move(status);
}

Status ThreadedBulk::TakeRefused() { return std::exchange(refused_, Status()); }

}  // namespace tenter
