// ReadyOps: the ops that may run now, and the workers that look for them. Whoever makes an op ready
// adds it here; a worker takes the next one, or rests until there is one.
//
//   Add -> lane, or priorities -> Take: high priority, own batch, lane, others' batches, the rest
//
// Path: the push of an op, or the end of what it waited for -> ReadyOps -> WorkerLoop.
//
// Thread safety: Add, Expect, NoLongerExpected, WakeOne, WakeForMore and has_prioritised from any
//   thread; Take and Await by each worker for itself.
// Ownership and lifetime: borrows the ops; outlives the workers.
// Invariants: (1) every op that was added is taken once. (2) what is ready waits for no worker that
//   is busy, while another one is idle. (3) Add allocates nothing, as Expect has made the room.
//   (4) of what is ready, a worker starts high priorities first, then ops without one, then low
//   ones, each as ReadyQueue orders them. But when it has taken kTurnLimit ops while a high one was
//   ready, the next is one without priority, if there is any; and when it has taken as many while
//   the most urgent priority was a low one, the next is the oldest op with a priority.
// Errors: Expect throws std::bad_alloc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "runtime/base/small_mutex.h"
#include "runtime/engine/ready/parking.h"
#include "runtime/engine/ready/ready_batch.h"
#include "runtime/engine/ready/ready_lane.h"
#include "runtime/engine/ready/ready_queue.h"

namespace tenter {

class ReadyOps {
 public:
  enum class Wake { kNow, kLater };

  // As Parking.
  ReadyOps(int workers, int64_t spin_ns, int64_t idle_ns, std::function<bool(int worker)> start);

  // Makes room for one more op with a priority; and takes it back when that op has ended.
  void Expect() EXCLUDES(prioritised_mutex_);
  void NoLongerExpected() { expected_.FetchSub(1, kRelaxed); }

  // To wake may mean to start a thread: whoever holds a lock leaves it for later, and calls Wake.
  void Add(PendingOp* op, Wake wake = Wake::kNow) EXCLUDES(prioritised_mutex_);
  void WakeOne() { parking_.NotifyOne(); }
  void WakeForMore() {
    if (MoreToTake()) parking_.NotifyOne();
  }

  // The op that `worker` should run next, or null.
  PendingOp* Take(int worker);
  // A worker that runs one op after the other looks around for these.
  bool has_prioritised() const { return prioritised_ready_.Load(kRelaxed) > 0; }

  // Spins, then sleeps, until there is an op or stop() answers true; leaves *op null then. False
  // when the worker was idle for long and shall end.
  template <typename Stop>
  bool Await(int worker, bool is_new, Stop stop, PendingOp** op) {
    const bool stays = parking_.Await(worker, is_new, [&] {
      if (stop()) return true;
      *op = Take(worker);
      return *op != nullptr;
    });
    // Nobody was woken for what is left while this worker counted as spinning.
    if (*op != nullptr) WakeForMore();
    return stays;
  }

  Parking& parking() { return parking_; }
  const Parking& parking() const { return parking_; }

 private:
  // Two turns and the limit of the queue are 64 in all.
  static constexpr uint32_t kTurnLimit = ReadyQueue::kOvertakeLimit - 2;

  bool MoreToTake() const;
  PendingOp* TakeFromLane(int worker);
  PendingOp* TakePrioritised(bool only_first) EXCLUDES(prioritised_mutex_);

  const int workers_;
  ReadyLane lane_;
  SmallMutex lane_mutex_;  // of its consumer
  SmallMutex prioritised_mutex_;
  ReadyQueue prioritised_ GUARDED_BY(prioritised_mutex_);
  // How often ops without priority, and those of a low one, were overtaken; see TakePrioritised.
  uint32_t plain_overtaken_ GUARDED_BY(prioritised_mutex_) = 0;
  uint32_t low_overtaken_ GUARDED_BY(prioritised_mutex_) = 0;
  Atomic<int64_t> expected_ = 0;  // pushed with a priority and not ended
  Atomic<int64_t> prioritised_ready_ = 0;
  const std::unique_ptr<ReadyBatch[]> batches_;  // of each worker
  Parking parking_;
};

}  // namespace tenter
