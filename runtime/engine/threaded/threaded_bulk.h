// ThreadedBulk: a Bulk of the threaded engine: a list of prepared ops that are not pushed yet.
//
// LOCK ORDER: OpenBulks::mutex_, then ThreadedBulk::mutex_, then all of the engine.
//
// Thread safety: Push and Flush from any thread.
// Ownership and lifetime: owns the ops until the engine takes them.
// Invariants: (1) ops are linked by next_ready, in push order. (2) of the bulks of one thread at
//   most one holds ops: whoever takes the first op of a group has the others flushed.
// Errors: as Bulk.
#pragma once

#include "runtime/base/mutex.h"
#include "runtime/base/probe.h"
#include "runtime/engine/bulk.h"
#include "runtime/engine/pending/pending_op.h"

namespace tenter {

class OpenBulks;

// What BulkHost::FinishHandOver does once no lock is held.
struct HandedOver {
  bool any = false;              // then a worker may have to be woken
  PendingOp* refused = nullptr;  // ops to destroy, linked by next_ready
};

// What a bulk needs of its engine.
class BulkHost {
 public:
  // In the child of a fork the first call starts a worker, which comes before the locks of bulks.
  virtual void AwaitFirstCall() = 0;
  // An op that is pushed by itself.
  virtual Result<uint64_t> PushSingle(Op&& op) = 0;
  // Makes a pending op of `op`. Throws std::bad_alloc.
  virtual PendingOp* PrepareForGroup(Op* op) = 0;
  // Takes `ops` ops that are linked by next_ready. Refused as a whole, they are pushed one by one:
  // those that are refused again are given back in the end, and the first reason is returned.
  virtual Status PushGroup(PendingOp* first, size_t ops, size_t accesses,
                           HandedOver* handed_over) = 0;
  // What may not happen under the locks of a bulk: to start a worker, and to destroy what the
  // bodies of refused ops captured.
  virtual void FinishHandOver(const HandedOver& handed_over) = 0;

 protected:
  ~BulkHost() = default;
};

class ThreadedBulk final : public Bulk {
 public:
  ThreadedBulk(BulkHost* host, OpenBulks* bulks, Probe* probe, size_t most_ops);
  ~ThreadedBulk() override;

  Status Push(Op&& op) override EXCLUDES(mutex_);
  Status Flush() override EXCLUDES(mutex_);

  // Hands over what there is, and keeps an error for the next Flush. Whoever calls it calls
  // FinishHandOver afterwards, when no lock is held.
  void HandOverNow(HandedOver* handed_over) EXCLUDES(mutex_);
  uint64_t owner() const { return owner_; }
  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }  // for a fork

 private:
  Status Append(Op* op, HandedOver* handed_over) EXCLUDES(mutex_);
  void HandOver(HandedOver* handed_over) REQUIRES(mutex_);
  bool Empty() EXCLUDES(mutex_);

  BulkHost* const host_;
  OpenBulks* const bulks_;
  Probe* const probe_;
  const size_t most_ops_;
  const uint64_t owner_;  // the key of its thread
  Mutex mutex_;
  PendingOp* first_ GUARDED_BY(mutex_) = nullptr;
  PendingOp* last_ GUARDED_BY(mutex_) = nullptr;
  size_t ops_ GUARDED_BY(mutex_) = 0;
  size_t accesses_ GUARDED_BY(mutex_) = 0;
  Status refused_ GUARDED_BY(mutex_);
};

}  // namespace tenter
