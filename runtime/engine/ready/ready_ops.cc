#include "runtime/engine/ready/ready_ops.h"

#include <utility>

namespace tenter {

ReadyOps::ReadyOps(int workers, int64_t spin_ns, int64_t idle_ns,
                   std::function<bool(int worker)> start)
    : workers_(workers),
      batches_(std::make_unique<ReadyBatch[]>(workers)),
      parking_(workers, spin_ns, idle_ns, std::move(start)) {}

void ReadyOps::Expect() {
  SmallMutexLock lock(prioritised_mutex_);
  prioritised_.Reserve(expected_.Load(kRelaxed) + 1);
  expected_.FetchAdd(1, kRelaxed);
}

void ReadyOps::Add(PendingOp* op, Wake wake) {
  op->phase.Store(PendingOp::Phase::kReady, kRelaxed);
  if (op->priority == 0) {
    lane_.Push(op);
  } else {
    SmallMutexLock lock(prioritised_mutex_);
    prioritised_.Push(op);
    prioritised_ready_.FetchAdd(1, kSeqCst);
  }
  if (wake == Wake::kNow) parking_.NotifyOne();
}

// First what has a high priority, then what this worker took before, then the lane, then what
// another worker took and has not run, then what has a low priority.
PendingOp* ReadyOps::Take(int worker) {
  const bool prioritised = prioritised_ready_.Load(kSeqCst) > 0;
  if (prioritised)
    if (PendingOp* op = TakePrioritised(/*only_first=*/true)) return op;
  if (Runnable* item = batches_[worker].Take()) return static_cast<PendingOp*>(item);
  if (PendingOp* op = TakeFromLane(worker)) return op;
  for (int other = 0; other < workers_; ++other)
    if (Runnable* item = batches_[other].Take()) return static_cast<PendingOp*>(item);
  return prioritised ? TakePrioritised(/*only_first=*/false) : nullptr;
}

// With `only_first`, null when an op without priority may go first: one of high priority does. But
// neither kind waits for more than kTurnLimit of the other: then the order is turned round once
// (ENG-10). Each kind has a count of its own, or a turn of the one would forget how long the other
// has waited; and of those with a low priority the oldest goes then, which has waited for all.
PendingOp* ReadyOps::TakePrioritised(bool only_first) {
  SmallMutexLock lock(prioritised_mutex_);
  if (prioritised_.empty()) return nullptr;
  bool turned = false;
  if (only_first) {
    const bool high = prioritised_.top_priority() > 0;
    uint32_t& overtaken = high ? plain_overtaken_ : low_overtaken_;
    turned = ++overtaken > kTurnLimit;
    if (turned) overtaken = 0;
    if (high == turned) return nullptr;
  }
  prioritised_ready_.FetchSub(1, kSeqCst);
  return turned ? prioritised_.PopOldest() : prioritised_.Pop();
}

PendingOp* ReadyOps::TakeFromLane(int worker) {
  if (!lane_.MaybeMore()) return nullptr;
  Runnable* items[ReadyBatch::kSize];
  size_t count = 0;
  {
    SmallMutexLock lock(lane_mutex_);
    while (count < ReadyBatch::kSize && (items[count] = lane_.Pop()) != nullptr) ++count;
  }
  if (count == 0) return nullptr;
  if (count > 1) {
    batches_[worker].Fill(items + 1, count - 1);
    parking_.NotifyOne();  // others may take from the batch
  }
  return static_cast<PendingOp*>(items[0]);
}

bool ReadyOps::MoreToTake() const {
  if (prioritised_ready_.Load(kSeqCst) > 0 || lane_.MaybeMore()) return true;
  for (int i = 0; i < workers_; ++i)
    if (!batches_[i].empty()) return true;
  return false;
}

}  // namespace tenter
