#include "runtime/io/threaded_iterator.h"

#include <utility>

#include "runtime/base/thrown.h"
#include "runtime/io/sites.h"

namespace tenter {

Result<std::unique_ptr<ThreadedIterator>> ThreadedIterator::Create(
    std::unique_ptr<BatchSource> source, const ThreadedIteratorOptions& options) {
  if (options.prefetch == 0)
    return Status(StatusCode::kInvalidArgument, "prefetch must be positive, found 0");
  std::unique_ptr<ThreadedIterator> iterator(new ThreadedIterator(std::move(source), options));
  ThreadedIterator* const raw = iterator.get();
  MutexLock lock(raw->join_mutex_);
  TENTER_RETURN_IF_ERROR(raw->producer_.Start("tenter-producer", [raw] { raw->Produce(); }));
  return iterator;
}

ThreadedIterator::ThreadedIterator(std::unique_ptr<BatchSource> source,
                                   const ThreadedIteratorOptions& options)
    : source_(std::move(source)), prefetch_(options.prefetch), probe_(options.probe) {}

ThreadedIterator::~ThreadedIterator() { Close(); }

Result<std::optional<Batch>> ThreadedIterator::Next() {
  TENTER_HIT(probe_, io_sites::kConsumerNext);
  MutexLock lock(mutex_);
  while (queue_.empty() && !closed_) produced_.Wait(mutex_);
  if (closed_) return Status(StatusCode::kClosed, "the iterator was closed");
  if (!queue_.front().ok() || !queue_.front()->has_value()) return queue_.front();
  Item item = std::move(queue_.front());
  queue_.pop_front();
  wanted_.NotifyOne();
  return item;
}

Status ThreadedIterator::Reset() {
  std::deque<Item> old;  // destroyed without the lock
  MutexLock lock(mutex_);
  if (closed_) return {StatusCode::kClosed, "the iterator was closed"};
  ++epoch_;
  ended_ = false;
  old.swap(queue_);
  // Under the lock: the producer must not see the new epoch, and reset the source, before.
  source_->Interrupt();
  wanted_.NotifyOne();
  return {};
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
    if (wanted != epoch) {
      epoch = wanted;
      number = 0;
      if (Status status = ResetSource(); !status.ok()) Deliver(std::move(status), epoch);
    } else {
      Deliver(MakeItem(number++), epoch);
    }
  }
}

bool ThreadedIterator::AwaitWork(uint64_t epoch, uint64_t* wanted) {
  MutexLock lock(mutex_);
  while (!closed_ && epoch == epoch_ && (ended_ || queue_.size() >= prefetch_))
    wanted_.Wait(mutex_);
  *wanted = epoch_;
  return !closed_;
}

void ThreadedIterator::Deliver(Item item, uint64_t epoch) {
  MutexLock lock(mutex_);
  if (epoch != epoch_) return;  // the epoch that it belongs to was reset away
  ended_ = !item.ok() || !item->has_value();
  queue_.push_back(std::move(item));
  // The last item stays for everybody who asks, so everybody who sleeps must look.
  if (ended_)
    produced_.NotifyAll();
  else
    produced_.NotifyOne();
}

ThreadedIterator::Item ThreadedIterator::MakeItem([[maybe_unused]] int64_t number) {
  try {
    TENTER_RETURN_IF_ERROR(TENTER_HIT(probe_, io_sites::kProducerNext, .request = number).error);
    return source_->Next();
  } catch (...) {
    return Thrown::Current().ToStatus();
  }
}

Status ThreadedIterator::ResetSource() {
  try {
    TENTER_RETURN_IF_ERROR(TENTER_HIT(probe_, io_sites::kProducerReset).error);
    return source_->Reset();
  } catch (...) {
    return Thrown::Current().ToStatus();
  }
}

}  // namespace tenter
