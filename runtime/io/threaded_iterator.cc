#include "runtime/io/threaded_iterator.h"

#include <new>
#include <utility>

#include "runtime/io/caught.h"
#include "runtime/io/sites.h"

namespace tenter {

Result<std::unique_ptr<ThreadedIterator>> ThreadedIterator::Create(
    std::unique_ptr<BatchSource> source, const ThreadedIteratorOptions& options) {
  return Caught([&]() -> Result<std::unique_ptr<ThreadedIterator>> {
    if (options.prefetch == 0)
      return Status(StatusCode::kInvalidArgument, "prefetch must be positive, found 0");
    std::unique_ptr<ThreadedIterator> iterator(new ThreadedIterator(std::move(source), options));
    ThreadedIterator* const raw = iterator.get();
    MutexLock lock(raw->mutex_);
    TENTER_RETURN_IF_ERROR(raw->producer_.Start("tenter-producer", [raw] { raw->Produce(); }));
    return iterator;
  });
}

ThreadedIterator::ThreadedIterator(std::unique_ptr<BatchSource> source,
                                   const ThreadedIteratorOptions& options)
    : source_(std::move(source)), prefetch_(options.prefetch), probe_(options.probe) {
  JoinFork(this);
}

ThreadedIterator::~ThreadedIterator() {
  Close();
  LeaveFork(this);
  MutexLock lock(mutex_);
  // The producer of the parent may have been changing it when the process forked.
  if (forked_) static_cast<void>(source_.release());
}

Result<std::optional<Batch>> ThreadedIterator::Next() {
  return Caught([this] {
    TENTER_HIT(probe_, io_sites::kConsumerNext);
    return Take();
  });
}

Result<std::optional<Batch>> ThreadedIterator::Take() {
  std::list<Item> taken;  // destroyed without the lock
  MutexLock lock(mutex_);
  while (queue_.empty() && !ended_ && !closed_) produced_.Wait(mutex_);
  if (closed_) return Refusal();
  if (queue_.empty()) {
    skipped_.Append(std::move(end_skipped_));
    if (!end_.ok()) return end_;
    return std::optional<Batch>();
  }
  taken.splice(taken.begin(), queue_, queue_.begin());
  skipped_.Append(std::move(taken.front().skipped));
  wanted_.NotifyOne();
  return std::optional<Batch>(std::move(taken.front().batch));
}

Result<SkippedRows> ThreadedIterator::skipped() const {
  return Caught([this]() -> Result<SkippedRows> {
    MutexLock lock(mutex_);
    if (forked_) return Refusal();
    return skipped_;
  });
}

Status ThreadedIterator::Reset() {
  return Caught([this]() -> Status {
    // Destroyed when the lock has been let go.
    std::list<Item> old;
    SkippedRows old_skipped, old_end_skipped;
    {
      MutexLock lock(mutex_);
      if (closed_) return Refusal();
      ++epoch_;
      ended_ = false;
      old.swap(queue_);
      std::swap(old_skipped, skipped_);
      std::swap(old_end_skipped, end_skipped_);
      // The producer begins no new epoch meanwhile: source_->Reset takes an Interrupt back, and one
      // that came after it would strike the new epoch.
      ++interrupts_;
    }
    source_->Interrupt();
    MutexLock lock(mutex_);
    if (--interrupts_ == 0) quiet_.NotifyAll();
    wanted_.NotifyOne();
    return {};
  });
}

void ThreadedIterator::Close() {
  Thread producer;
  {
    MutexLock lock(mutex_);
    if (forked_) return;
    closed_ = true;
    produced_.NotifyAll();
    wanted_.NotifyAll();
    if (std::exchange(closing_, true)) {
      while (!gone_) quiet_.Wait(mutex_);
      return;
    }
    producer = std::move(producer_);
  }
  source_->Interrupt();
  producer.Join();
  {
    MutexLock lock(mutex_);
    while (interrupts_ > 0) quiet_.Wait(mutex_);
  }
  source_.reset();
  MutexLock lock(mutex_);
  gone_ = true;
  quiet_.NotifyAll();
}

Status ThreadedIterator::Refusal() const {
  if (forked_)
    return {StatusCode::kStopped, "this iterator belongs to the process that was forked"};
  return {StatusCode::kClosed, "the iterator was closed"};
}

void ThreadedIterator::BeforeFork() NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }
void ThreadedIterator::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }
void ThreadedIterator::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  closed_ = forked_ = true;
  new (&producer_) Thread;  // the thread is not there to be joined
  for (CondVar* changed : {&produced_, &wanted_, &quiet_})
    new (changed) CondVar;  // those who waited exist in the parent only
  mutex_.Unlock();
}

size_t ThreadedIterator::queued() const {
  MutexLock lock(mutex_);
  return queue_.size();
}

void ThreadedIterator::Produce() {
  uint64_t epoch = 0, wanted = 0;
  int64_t number = 0;
  while (AwaitWork(epoch, &wanted)) {
    if (wanted == epoch) {
      MakeItem(number++, epoch);
      continue;
    }
    epoch = wanted;
    number = 0;
    if (Status status = ResetSource(); !status.ok()) DeliverEnd(std::move(status), {}, epoch);
  }
}

bool ThreadedIterator::AwaitWork(uint64_t epoch, uint64_t* wanted) {
  MutexLock lock(mutex_);
  while (!closed_ &&
         (interrupts_ > 0 || (epoch == epoch_ && (ended_ || queue_.size() >= prefetch_))))
    wanted_.Wait(mutex_);
  *wanted = epoch_;
  return !closed_;
}

void ThreadedIterator::MakeItem([[maybe_unused]] int64_t number, uint64_t epoch) {
  std::list<Item> item;
  SkippedRows skipped;
  Status status = Caught([&]() -> Status {
    TENTER_RETURN_IF_ERROR(TENTER_HIT(probe_, io_sites::kProducerNext, .request = number).error);
    TENTER_ASSIGN_OR_RETURN(std::optional<Batch> batch, source_->Next());
    if (batch.has_value()) item.push_back({std::move(*batch), {}});
    return {};
  });
  // Rows may have been skipped before a failure, too.
  Status taken = Caught([&]() -> Status {
    skipped = source_->TakeSkipped();
    return {};
  });
  if (status.ok()) status = std::move(taken);
  if (!status.ok() || item.empty()) return DeliverEnd(std::move(status), std::move(skipped), epoch);
  item.front().skipped = std::move(skipped);
  Deliver(std::move(item), epoch);
}

void ThreadedIterator::Deliver(std::list<Item> item, uint64_t epoch) {
  MutexLock lock(mutex_);
  if (epoch != epoch_) return;  // there was a Reset while it was made
  queue_.splice(queue_.end(), item);
  produced_.NotifyOne();
}

void ThreadedIterator::DeliverEnd(Status status, SkippedRows skipped, uint64_t epoch) {
  MutexLock lock(mutex_);
  if (epoch != epoch_) return;
  ended_ = true;
  end_ = std::move(status);
  end_skipped_ = std::move(skipped);
  produced_.NotifyAll();  // every consumer that waits gets the end, not one of them
}

Status ThreadedIterator::ResetSource() {
  return Caught([this]() -> Status {
    TENTER_RETURN_IF_ERROR(TENTER_HIT(probe_, io_sites::kProducerReset).error);
    return source_->Reset();
  });
}

}  // namespace tenter
