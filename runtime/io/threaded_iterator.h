// ThreadedIterator: runs a BatchSource on a thread of its own, a bounded number of batches ahead.
//
//   consumer             queue (at most `prefetch` batches, in order)        producer thread
//   Next  <------------- batch, batch, ..., then the end or an error  <----- source.Next()
//   Reset: epoch + 1, queue emptied, source.Interrupt()  ------------------> source.Reset()
//
// The end, or an error, comes behind the queue: consumers see it after every good batch before it
// (ITR-2), and it stays until Reset. It has a field of its own instead of a place in the queue, so
// that "out of memory" needs no memory to be delivered.
//
// In the child of a fork there is no producer, and the source may be in the middle of anything. The
// iterator belongs to the parent: in the child every call answers kStopped at once, and the
// destructor leaves the source alone.
//
// LOCK ORDER: ThreadedIterator::mutex_ is a leaf; it is not held over a call of the source, nor
//   over the join.
//
// Thread safety: every method from any thread; concurrent Next calls get distinct batches.
// Ownership and lifetime: owns the source and the producer; Close destroys both, and the destructor
//   closes.
// Invariants: (1) an item of an older epoch never enters the queue after Reset (ITR-4). (2) every
//   change that a sleeping thread waits for is notified under mutex_.
// Errors: Next returns what the source returned or threw, as a Status; kClosed after Close,
//   kStopped in the child of a fork. A lack of memory is kResourceExhausted: on the producer it is
//   the error that ends the epoch; on a consumer it is the answer to that one call, and no batch is
//   lost.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/base/probe.h"
#include "runtime/base/thread.h"
#include "runtime/io/batch_source.h"

namespace tenter {

struct ThreadedIteratorOptions {
  size_t prefetch = 4;     // batches made ahead
  Probe* probe = nullptr;  // borrowed
};

class ThreadedIterator final : private ForkMember {
 public:
  // Starts the producer. Errors: kInvalidArgument (prefetch is zero), kResourceExhausted (no
  // thread).
  static Result<std::unique_ptr<ThreadedIterator>> Create(std::unique_ptr<BatchSource> source,
                                                          const ThreadedIteratorOptions& options);
  ~ThreadedIterator();
  ThreadedIterator(const ThreadedIterator&) = delete;
  ThreadedIterator& operator=(const ThreadedIterator&) = delete;

  // The next batch, or nothing at the end of the epoch. Blocks until the producer has it.
  Result<std::optional<Batch>> Next() EXCLUDES(mutex_);

  // Starts a new epoch, from any state but closed; a call of the source that waits is interrupted.
  // Returns at once; an error of the source's Reset surfaces at the next Next.
  Status Reset() EXCLUDES(mutex_);

  // The rows of this epoch that the source left out because they were bad, as far as the consumers
  // have come: those that it met while it read the batches that Next returned, and all of them once
  // Next returned the end or an error. Reset empties the list, Close keeps it.
  Result<SkippedRows> skipped() const EXCLUDES(mutex_);

  // Ends the producer, joins it and destroys the source. Waits for nothing but a running call of
  // the source, which is interrupted (ITR-5). Idempotent. REQUIRES: not called by the source.
  void Close() EXCLUDES(mutex_);

  // Batches that wait in the queue.
  size_t queued() const EXCLUDES(mutex_);

 private:
  struct Item {
    Batch batch;
    SkippedRows skipped;  // while it was read
  };

  ThreadedIterator(std::unique_ptr<BatchSource> source, const ThreadedIteratorOptions& options);
  Result<std::optional<Batch>> Take() EXCLUDES(mutex_);
  void Produce() EXCLUDES(mutex_);
  // Waits until there is something to do for the producer; false when it must end.
  bool AwaitWork(uint64_t epoch, uint64_t* wanted) EXCLUDES(mutex_);
  void MakeItem(int64_t number, uint64_t epoch) EXCLUDES(mutex_);
  void Deliver(std::list<Item> item, uint64_t epoch) EXCLUDES(mutex_);
  void DeliverEnd(Status status, SkippedRows skipped, uint64_t epoch) EXCLUDES(mutex_);
  Status ResetSource();
  // Why there is nothing to do any more. REQUIRES: closed_.
  Status Refusal() const REQUIRES(mutex_);
  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

  // Only the producer uses it, until Close has joined that; Interrupt comes from any thread.
  std::unique_ptr<BatchSource> source_;
  const size_t prefetch_;
  Probe* const probe_;

  mutable Mutex mutex_;
  CondVar produced_;  // there is a batch, the epoch ended, or the iterator closed
  CondVar wanted_;    // there is room, a new epoch was asked for, or the iterator closed
  std::list<Item> queue_ GUARDED_BY(mutex_);
  uint64_t epoch_ GUARDED_BY(mutex_) = 0;
  bool ended_ GUARDED_BY(mutex_) = false;       // nothing follows the queue but the end
  Status end_ GUARDED_BY(mutex_);               // ok: the end of the epoch, else its error
  SkippedRows end_skipped_ GUARDED_BY(mutex_);  // between the last batch and the end
  SkippedRows skipped_ GUARDED_BY(mutex_);      // what skipped() returns
  CondVar quiet_;                               // interrupts_ became 0, or gone_ true
  int interrupts_ GUARDED_BY(mutex_) = 0;  // calls of source_->Interrupt that Reset has under way
  bool closed_ GUARDED_BY(mutex_) = false;
  // The first call of Close joins the producer and destroys the source; the others wait for it.
  bool closing_ GUARDED_BY(mutex_) = false;  // there was a first call
  bool gone_ GUARDED_BY(mutex_) = false;     // it is done
  bool forked_ GUARDED_BY(mutex_) = false;   // this is the child of a fork
  Thread producer_ GUARDED_BY(mutex_);
};

}  // namespace tenter
