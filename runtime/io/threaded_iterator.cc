#include "runtime/io/threaded_iterator.h"

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
    MutexLock lock(raw->join_mutex_);
    TENTER_RETURN_IF_ERROR(raw->producer_.Start("tenter-producer", [raw] { raw->Produce(); }));
    return iterator;
  });
}

ThreadedIterator::ThreadedIterator(std::unique_ptr<BatchSource> source,
                                   const ThreadedIteratorOptions& options)
    : source_(std::move(source)), prefetch_(options.prefetch), probe_(options.probe) {}

ThreadedIterator::~ThreadedIterator() { Close(); }

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
  if (closed_) return Status(StatusCode::kClosed, "the iterator was closed");
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
    return skipped_;
  });
}

Status ThreadedIterator::Reset() {
  return Caught([this]() -> Status {
    std::list<Item> old;  // destroyed without the lock, as these two
    SkippedRows old_skipped, old_end_skipped;
    MutexLock lock(mutex_);
    if (closed_) return {StatusCode::kClosed, "the iterator was closed"};
    ++epoch_;
    ended_ = false;
    old.swap(queue_);
    std::swap(old_skipped, skipped_);
    std::swap(old_end_skipped, end_skipped_);
    // Under the lock: the producer must not see the new epoch, and reset the source, before.
    source_->Interrupt();
    wanted_.NotifyOne();
    return {};
  });
}

void ThreadedIterator::Close() {
  {
    MutexLock lock(mutex_);
    if (!closed_) source_->Interrupt();
    closed_ = true;
    produced_.NotifyAll();
    wanted_.NotifyAll();
  }
  MutexLock lock(join_mutex_);
  producer_.Join();
  source_.reset();
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
  while (!closed_ && epoch == epoch_ && (ended_ || queue_.size() >= prefetch_))
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
  // Also of a batch that failed.
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
  if (epoch != epoch_) return;  // the epoch that it belongs to was reset away
  queue_.splice(queue_.end(), item);
  produced_.NotifyOne();
}

void ThreadedIterator::DeliverEnd(Status status, SkippedRows skipped, uint64_t epoch) {
  MutexLock lock(mutex_);
  if (epoch != epoch_) return;
  ended_ = true;
  end_ = std::move(status);
  end_skipped_ = std::move(skipped);
  produced_.NotifyAll();  // it stays for everybody who asks, so everybody who sleeps must look
}

Status ThreadedIterator::ResetSource() {
  return Caught([this]() -> Status {
    TENTER_RETURN_IF_ERROR(TENTER_HIT(probe_, io_sites::kProducerReset).error);
    return source_->Reset();
  });
}

}  // namespace tenter
