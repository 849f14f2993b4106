// ThreadedIterator: runs a BatchSource on a thread of its own, a bounded number of batches ahead.
//
//   consumer             queue (at most `prefetch` items, in order)               producer thread
//   Next  <------------- batch, batch, ..., then the end or an error  <---------- source.Next()
//   Reset: epoch + 1, queue emptied  -------------------------------------------->
//   source.Reset(), new epoch
//
// The end and an error are items like any other: they surface at their place, after every good
// batch before them (ITR-2), and stay until Reset.
//
// LOCK ORDER: ThreadedIterator::mutex_ is held over no call of the source but Interrupt, whose locks
//   come after it.
//
// Thread safety: every method from any thread; concurrent Next calls get distinct batches.
// Ownership and lifetime: owns the source and the producer; Close destroys both, and the destructor
//   closes.
// Invariants: (1) an item of an older epoch never enters the queue after Reset (ITR-4). (2) every
//   change that a sleeping thread waits for is notified under mutex_.
// Errors: Next returns what the source returned or threw, as a Status; kClosed after Close.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "runtime/base/mutex.h"
#include "runtime/base/probe.h"
#include "runtime/base/thread.h"
#include "runtime/io/batch_source.h"

namespace tenter {

struct ThreadedIteratorOptions {
  size_t prefetch = 4;     // batches made ahead
  Probe* probe = nullptr;  // borrowed
};

class ThreadedIterator {
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

  // Ends the producer, joins it and destroys the source. Waits for a running call of the source to
  // heed Interrupt, for nothing else (ITR-5). Idempotent; not from inside the source.
  void Close() EXCLUDES(mutex_);

  // Batches that wait in the queue.
  size_t queued() const EXCLUDES(mutex_);

 private:
  using Item = Result<std::optional<Batch>>;

  ThreadedIterator(std::unique_ptr<BatchSource> source, const ThreadedIteratorOptions& options);
  void Produce() EXCLUDES(mutex_);
  // Waits until there is something to do for the producer; false when it must end.
  bool AwaitWork(uint64_t epoch, uint64_t* wanted) EXCLUDES(mutex_);
  void Deliver(Item item, uint64_t epoch) EXCLUDES(mutex_);
  Item MakeItem(int64_t number);
  Status ResetSource();

  // The producer's, until Close has joined it. Interrupt apart, which is called under mutex_ and
  // not after closed_.
  std::unique_ptr<BatchSource> source_;
  const size_t prefetch_;
  Probe* const probe_;

  mutable Mutex mutex_;
  CondVar produced_;  // the queue has an item, or the iterator closed
  CondVar wanted_;    // there is room, a new epoch was asked for, or the iterator closed
  std::deque<Item> queue_ GUARDED_BY(mutex_);
  uint64_t epoch_ GUARDED_BY(mutex_) = 0;
  bool ended_ GUARDED_BY(mutex_) = false;  // the last item of the epoch is in the queue
  bool closed_ GUARDED_BY(mutex_) = false;
  Mutex join_mutex_;  // several closers; never taken together with mutex_
  Thread producer_ GUARDED_BY(join_mutex_);
};

}  // namespace tenter
