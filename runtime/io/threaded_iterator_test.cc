#include "runtime/io/threaded_iterator.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

// Yields batches 0 .. count-1 that hold (epoch, index); throws, or fails, at one index of one
// epoch.
struct Script {
  int64_t count = 10;
  int64_t throw_at = -1;
  int64_t fail_epoch = 0;
  bool reset_throws_once = false;
};

class ScriptedSource final : public BatchSource {
 public:
  explicit ScriptedSource(const Script& script, Atomic<int>* calls = nullptr)
      : script_(script), calls_(calls) {}

  Result<std::optional<Batch>> Next() override {
    if (calls_ != nullptr) calls_->FetchAdd(1, kRelaxed);
    if (next_ == script_.throw_at && epoch_ == script_.fail_epoch)
      throw std::runtime_error("bad record " + std::to_string(next_));
    if (next_ == script_.count) return std::optional<Batch>();
    Tensor data = Tensor::Allocate({DType::kInt64, Shape({2})}).value();
    data.mutable_data<int64_t>()[0] = epoch_;
    data.mutable_data<int64_t>()[1] = next_;
    return std::optional<Batch>(Batch{.data = std::move(data), .index = next_++});
  }
  Status Reset() override {
    ++epoch_;
    next_ = 0;
    if (std::exchange(script_.reset_throws_once, false)) throw std::runtime_error("no reset");
    return {};
  }

 private:
  Script script_;
  Atomic<int>* calls_;
  int64_t next_ = 0;
  int64_t epoch_ = 0;
};

std::unique_ptr<ThreadedIterator> Make(const Script& script, size_t prefetch = 3,
                                       Atomic<int>* calls = nullptr) {
  return ThreadedIterator::Create(std::make_unique<ScriptedSource>(script, calls),
                                  {.prefetch = prefetch})
      .value();
}

// Reads to the end or the error; every batch must be of this epoch and in order.
Status Drain(ThreadedIterator& iterator, int64_t epoch, int64_t* batches) {
  for (*batches = 0;; ++*batches) {
    const auto batch = iterator.Next();
    if (!batch.ok()) return batch.status();
    if (!batch->has_value()) return {};
    EXPECT_EQ((*batch)->data.data<int64_t>()[0], epoch);
    EXPECT_EQ((*batch)->data.data<int64_t>()[1], *batches);
  }
}

// ITR-1: every batch once and in order, whatever the depth of prefetching; the end stays the end.
TEST(ThreadedIterator, YieldsEveryBatchOnceInOrder) {
  for (const size_t prefetch : {1, 2, 16}) {
    auto iterator = Make({.count = 100}, prefetch);
    int64_t batches = 0;
    ASSERT_TRUE(Drain(*iterator, 0, &batches).ok());
    EXPECT_EQ(batches, 100);
    EXPECT_FALSE(iterator->Next().value().has_value());
  }
}

// ITR-2: an error comes after all good batches before it, and stays. ITR-3: Reset recovers.
TEST(ThreadedIterator, ErrorSurfacesInPlaceAndResetRecovers) {
  for (int64_t at = 0; at < 10; ++at) {
    auto iterator = Make({.count = 10, .throw_at = at}, 4);
    int64_t batches = 0;
    const Status status = Drain(*iterator, 0, &batches);
    EXPECT_EQ(batches, at);
    EXPECT_NE(status.message().find("bad record " + std::to_string(at)), std::string::npos);
    EXPECT_FALSE(iterator->Next().ok());
    ASSERT_TRUE(iterator->Reset().ok());
    ASSERT_TRUE(Drain(*iterator, 1, &batches).ok());
    EXPECT_EQ(batches, 10);
  }
}

// ITR-4: a reset in the middle never shows a row of the old epoch, wherever the producer is.
TEST(ThreadedIterator, ResetInTheMiddleShowsNothingOld) {
  auto iterator = Make({.count = 20, .throw_at = 7, .fail_epoch = 3}, 3);
  int64_t batches = 0;
  for (int64_t epoch = 0; epoch < 50; ++epoch) {
    for (int64_t i = 0; i < epoch % 7; ++i) {
      const auto batch = iterator->Next();
      if (!batch.ok()) break;
      ASSERT_EQ((*batch)->data.data<int64_t>()[0], epoch);
    }
    ASSERT_TRUE(iterator->Reset().ok());
    // One reset call per epoch of the source: wait for the first batch before the next one.
    const auto first = iterator->Next();
    ASSERT_TRUE(first.ok());
    ASSERT_EQ((*first)->data.data<int64_t>()[0], epoch + 1);
    if (epoch % 2 == 0) continue;
  }
  ASSERT_TRUE(iterator->Reset().ok());
  ASSERT_TRUE(Drain(*iterator, 51, &batches).ok());
}

// ITR-4: many resets in a row coalesce, and none hangs.
TEST(ThreadedIterator, ResetStormEndsInAWholeEpoch) {
  auto iterator = Make({.count = 5}, 2);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(iterator->Reset().ok());
  int64_t batches = 0;
  while (true) {
    const auto batch = iterator->Next();
    ASSERT_TRUE(batch.ok());
    if (!batch->has_value()) break;
    EXPECT_EQ((*batch)->data.data<int64_t>()[1], batches++);
  }
  EXPECT_EQ(batches, 5);
}

// ITR-3, ITR-4: a source whose Reset throws: the error surfaces at Next, the following Reset
// recovers.
TEST(ThreadedIterator, ThrowingResetSurfacesAndRecovers) {
  auto iterator = Make({.count = 3, .reset_throws_once = true});
  ASSERT_TRUE(iterator->Reset().ok());
  EXPECT_NE(iterator->Next().status().message().find("no reset"), std::string::npos);
  ASSERT_TRUE(iterator->Reset().ok());
  int64_t batches = 0;
  EXPECT_TRUE(Drain(*iterator, 2, &batches).ok());
  EXPECT_EQ(batches, 3);
}

// ITR-5: closing at any moment returns soon; a consumer that waits is woken with a typed error.
TEST(ThreadedIterator, CloseAtAnyMoment) {
  for (int consumed = 0; consumed < 12; ++consumed) {
    auto iterator = Make({.count = 10}, 3);
    for (int i = 0; i < consumed; ++i) ASSERT_TRUE(iterator->Next().ok());
    const int64_t begin = NowNs();
    iterator->Close();
    EXPECT_LT(NowNs() - begin, 100 * kNsPerMs);
    EXPECT_EQ(iterator->Next().status().code(), StatusCode::kClosed);
    EXPECT_EQ(iterator->Reset().code(), StatusCode::kClosed);
    iterator->Close();
  }
}

// Waits in its second Next until somebody interrupts it.
class WaitingSource final : public BatchSource {
 public:
  explicit WaitingSource(Atomic<bool>* alive) : alive_(alive) { alive_->Store(true, kRelease); }
  ~WaitingSource() override { alive_->Store(false, kRelease); }

  Result<std::optional<Batch>> Next() override {
    MutexLock lock(mutex_);
    if (next_ == 0) return std::optional<Batch>(Batch{.index = next_++});
    while (!interrupted_) changed_.Wait(mutex_);
    return Status(StatusCode::kClosed, "interrupted");
  }
  Status Reset() override {
    MutexLock lock(mutex_);
    interrupted_ = false;
    next_ = 0;
    return {};
  }
  void Interrupt() noexcept override {
    MutexLock lock(mutex_);
    interrupted_ = true;
    changed_.NotifyAll();
  }

 private:
  Atomic<bool>* const alive_;
  Mutex mutex_;
  CondVar changed_;
  int64_t next_ GUARDED_BY(mutex_) = 0;
  bool interrupted_ GUARDED_BY(mutex_) = false;
};

// ITR-4, ITR-5: a source that waits is interrupted, no answer of the interrupted call is seen, and
// every closer returns when the source is gone.
TEST(ThreadedIterator, AWaitingSourceIsInterrupted) {
  for (int round = 0; round < 100; ++round) {
    Atomic<bool> alive = false;
    auto iterator =
        ThreadedIterator::Create(std::make_unique<WaitingSource>(&alive), {.prefetch = 2}).value();
    for (int epoch = 0; epoch < round % 5; ++epoch) {
      ASSERT_TRUE(iterator->Next().ok());
      ASSERT_TRUE(iterator->Reset().ok());
    }
    std::vector<Thread> closers(3);
    for (Thread& closer : closers)
      ASSERT_TRUE(closer
                      .Start("closer",
                             [&] {
                               iterator->Close();
                               EXPECT_FALSE(alive.Load(kAcquire));
                             })
                      .ok());
    for (Thread& closer : closers) closer.Join();
    EXPECT_EQ(iterator->Next().status().code(), StatusCode::kClosed);
  }
}

// Resets from several threads, while others read: the answer of an interrupted call is never seen.
TEST(ThreadedIterator, ResetsFromManyThreadsInterruptOneEpochEach) {
  Atomic<bool> alive = false;
  auto iterator =
      ThreadedIterator::Create(std::make_unique<WaitingSource>(&alive), {.prefetch = 2}).value();
  std::vector<Thread> resetters(3);
  for (Thread& resetter : resetters)
    ASSERT_TRUE(resetter
                    .Start("resetter",
                           [&] {
                             for (int i = 0; i < 300; ++i) EXPECT_TRUE(iterator->Reset().ok());
                           })
                    .ok());
  for (Thread& resetter : resetters) resetter.Join();
  EXPECT_TRUE(iterator->Next().ok());
  ASSERT_TRUE(iterator->Reset().ok());
  EXPECT_TRUE(iterator->Next().ok());
}

// ITR-6: a batch belongs to the caller: it keeps its values while the producer goes on, and after
// the end.
TEST(ThreadedIterator, BatchesBelongToTheCaller) {
  std::vector<Batch> kept;
  {
    auto iterator = Make({.count = 50}, 1);
    while (true) {
      auto batch = iterator->Next();
      if (!batch->has_value()) break;
      kept.push_back(std::move(**batch));
    }
  }
  for (size_t i = 0; i < kept.size(); ++i)
    EXPECT_EQ(kept[i].data.data<int64_t>()[1], static_cast<int64_t>(i));
  EXPECT_EQ(kept.size(), 50u);
}

// ITR-1: several consumers get every batch exactly once between them.
TEST(ThreadedIterator, SeveralConsumersShareAnEpoch) {
  auto iterator = Make({.count = 200}, 4);
  std::vector<Atomic<int>> seen(200);
  std::vector<Thread> consumers(4);
  for (Thread& consumer : consumers)
    ASSERT_TRUE(consumer
                    .Start("consumer",
                           [&] {
                             while (true) {
                               const auto batch = iterator->Next();
                               if (!batch.ok() || !batch->has_value()) return;
                               seen[(*batch)->index].FetchAdd(1, kRelaxed);
                             }
                           })
                    .ok());
  for (Thread& consumer : consumers) consumer.Join();
  for (const Atomic<int>& count : seen) EXPECT_EQ(count.Load(kRelaxed), 1);
}

// The producer runs at most `prefetch` batches ahead, plus the one that it is making.
TEST(ThreadedIterator, PrefetchIsBounded) {
  Atomic<int> calls = 0;
  auto iterator = Make({.count = 1000}, 3, &calls);
  ASSERT_TRUE(iterator->Next().ok());
  while (iterator->queued() < 3) {
  }
  EXPECT_LE(calls.Load(kRelaxed), 5);
}

// Skips `index` rows in front of each batch, and `at_end` in front of the end, or of the error.
class SkippingSource final : public BatchSource {
 public:
  SkippingSource(int64_t count, int64_t at_end, bool fails)
      : count_(count), at_end_(at_end), fails_(fails) {}

  Result<std::optional<Batch>> Next() override {
    const bool last = next_ == count_;
    for (int64_t i = last ? at_end_ : next_; i > 0; --i) {
      ++line_;
      skipped_.Add(line_, {StatusCode::kDataLoss, "line " + std::to_string(line_)});
    }
    if (last && fails_) return Status(StatusCode::kDataLoss, "too many");
    if (last) return std::optional<Batch>();
    ++line_;
    return std::optional<Batch>(Batch{.index = next_++});
  }
  Status Reset() override {
    next_ = line_ = 0;
    skipped_ = {};
    return {};
  }
  SkippedRows TakeSkipped() override { return std::exchange(skipped_, {}); }

 private:
  const int64_t count_, at_end_;
  const bool fails_;
  int64_t next_ = 0, line_ = 0;
  SkippedRows skipped_;
};

// ITR-3: what was skipped is known at its place, however far the producer is ahead.
TEST(ThreadedIterator, SkippedRowsAreThoseInFrontOfWhatWasDelivered) {
  for (const bool fails : {false, true}) {
    auto iterator =
        ThreadedIterator::Create(std::make_unique<SkippingSource>(5, 2, fails), {.prefetch = 3})
            .value();
    for (int epoch = 0; epoch < 2; ++epoch) {
      EXPECT_EQ(iterator->skipped()->count(), 0);
      for (const int64_t skipped : {0, 1, 3, 6, 10}) {
        ASSERT_TRUE(iterator->Next()->has_value());
        EXPECT_EQ(iterator->skipped()->count(), skipped);
      }
      for (int again = 0; again < 2; ++again) {
        EXPECT_EQ(iterator->Next().ok(), !fails);
        const SkippedRows skipped = iterator->skipped().value();
        EXPECT_EQ(skipped.count(), 12);
        ASSERT_EQ(skipped.rows().size(), 12u);
        EXPECT_EQ(skipped.rows().front().line, 2);
        EXPECT_EQ(skipped.rows().back().line, 17);
        EXPECT_EQ(skipped.rows().back().reason.ToString(), "data_loss: line 17");
      }
      if (epoch == 0) {
        ASSERT_TRUE(iterator->Reset().ok());
      }
    }
    iterator->Close();
    EXPECT_EQ(iterator->skipped()->count(), 12);
  }
}

// A file of bad rows alone costs no memory of its own size.
TEST(ThreadedIterator, OfManySkippedRowsTheFirstThousandAreDetailed) {
  auto iterator = ThreadedIterator::Create(std::make_unique<SkippingSource>(60, 1000000, false),
                                           {.prefetch = 3})
                      .value();
  while (iterator->Next()->has_value()) {
  }
  const SkippedRows skipped = iterator->skipped().value();
  EXPECT_EQ(skipped.count(), 60 * 59 / 2 + 1000000);
  ASSERT_EQ(skipped.rows().size(), SkippedRows::kDetailedMax);
  // In front of batch i stand i bad rows; it is a row itself.
  std::vector<int64_t> expected;
  for (int64_t batch = 0, line = 0; batch < 60; ++batch, ++line)
    for (int64_t i = 0; i < batch; ++i) expected.push_back(++line);
  auto line = expected.begin();
  for (const SkippedRow& row : skipped.rows()) ASSERT_EQ(row.line, *line++);
}

TEST(ThreadedIterator, ZeroPrefetchIsRefused) {
  EXPECT_EQ(ThreadedIterator::Create(std::make_unique<ScriptedSource>(Script{}), {.prefetch = 0})
                .status()
                .message(),
            "prefetch must be positive, found 0");
}

}  // namespace
}  // namespace tenter
