// fork() with a live iterator: the parent goes on undisturbed, and the child, which has no
// producer, gets a typed error at once and hangs nowhere (ITR-5).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/fork_testing.h"
#include "runtime/io/csv_source.h"
#include "runtime/io/threaded_iterator.h"

namespace tenter {
namespace {

class IteratorFork : public testing::Test {
 protected:
  void SetUp() override {
    TENTER_SKIP_FORKS_IN_TSAN();
    path_ = testing::TempDir() + "iterator_fork_test_" + std::to_string(getpid());
    std::remove(path_.c_str());
  }
  void TearDown() override { std::remove(path_.c_str()); }

  void WriteRows(int64_t rows) {
    std::ofstream file(path_);
    for (int64_t row = 0; row < rows; ++row) file << row << '\n';
  }
  CsvOptions Options() const {
    return {.path = path_, .row_shape = Shape({1}), .dtype = DType::kInt64, .batch_size = 1};
  }
  std::unique_ptr<ThreadedIterator> Open() {
    return ThreadedIterator::Create(CsvSource::Create(Options()).value(), {.prefetch = 2}).value();
  }
  int OpenWriter() {
    const int64_t deadline = NowNs() + 5 * kNsPerSecond;
    while (NowNs() < deadline) {
      const int fd = open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
      if (fd >= 0) return fd;
      YieldThread();
    }
    return -1;
  }

  static bool Refuses(const Status& status) {
    return status.code() == StatusCode::kStopped &&
           status.message() == "this iterator belongs to the process that was forked";
  }
  // What the child must see; 0 when it does.
  static int UseInChild(std::unique_ptr<ThreadedIterator> iterator) {
    const int64_t begin = NowNs();
    if (!Refuses(iterator->Next().status())) return 1;
    if (!Refuses(iterator->Reset())) return 2;
    if (!Refuses(iterator->skipped().status())) return 3;
    iterator->Close();
    iterator->Close();
    if (!Refuses(iterator->Next().status())) return 4;
    iterator.reset();
    return NowNs() - begin < kNsPerSecond ? 0 : 5;
  }
  static int64_t Value(const Batch& batch) { return batch.data.data<int64_t>()[0]; }

  std::string path_;
};

TEST_F(IteratorFork, TheParentGoesOnAndTheChildIsRefused) {
  WriteRows(1000);
  auto iterator = Open();
  for (int64_t row = 0; row < 1000; ++row) {
    if (row % 50 == 0) {
      ASSERT_EQ(Fork([&] { return UseInChild(std::move(iterator)); }), 0);
    }
    ASSERT_EQ(Value(iterator->Next().value().value()), row);
  }
  EXPECT_FALSE(iterator->Next()->has_value());
  ASSERT_TRUE(iterator->Reset().ok());
  EXPECT_EQ(Value(iterator->Next().value().value()), 0);
}

TEST_F(IteratorFork, AForkDoesNotWaitForAFile) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  auto iterator = Open();
  ASSERT_EQ(Fork([&] { return UseInChild(std::move(iterator)); }), 0);  // in any state of opening
  const int writer = OpenWriter();
  ASSERT_GE(writer, 0);
  ASSERT_EQ(Fork([&] { return UseInChild(std::move(iterator)); }), 0);
  ASSERT_EQ(write(writer, "7\n", 2), 2);
  EXPECT_EQ(Value(iterator->Next().value().value()), 7);
  close(writer);
  EXPECT_FALSE(iterator->Next()->has_value());
}

// The reading end is the parent's alone: when the parent closes it, its writer learns of it.
TEST_F(IteratorFork, TheChildDoesNotHoldThePipeOfTheParent) {
  signal(SIGPIPE, SIG_IGN);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  auto iterator = Open();
  const int writer = OpenWriter();
  ASSERT_GE(writer, 0);
  ASSERT_EQ(write(writer, "7\n", 2), 2);
  EXPECT_EQ(Value(iterator->Next().value().value()), 7);
  // Through `born` the child says that it runs; it stays until the parent closes `ends`.
  int ends[2], born[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(born, O_CLOEXEC), 0);
  char byte = 0;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    _exit(write(born[1], "x", 1) == 1 && read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  EXPECT_EQ(read(born[0], &byte, 1), 1);
  iterator->Close();
  EXPECT_EQ(write(writer, "8\n", 2), -1);
  EXPECT_EQ(errno, EPIPE);
  close(ends[1]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (const int fd : {ends[0], born[0], born[1], writer}) close(fd);
  signal(SIGPIPE, SIG_DFL);
}

// Consumers take batches, one thread resets, and others come and go, all while the process forks.
TEST_F(IteratorFork, AtAnyMomentOfOtherThreads) {
  WriteRows(300);
  auto iterator = Open();
  Atomic<bool> stop = false;
  Atomic<int64_t> lives = 0;
  std::vector<Thread> threads(4);
  for (size_t i = 0; i < 2; ++i)
    ASSERT_TRUE(threads[i]
                    .Start("consumer",
                           [&] {
                             while (!stop.Load(kRelaxed)) EXPECT_TRUE(iterator->Next().ok());
                           })
                    .ok());
  ASSERT_TRUE(threads[2]
                  .Start("resetter",
                         [&] {
                           while (!stop.Load(kRelaxed)) EXPECT_TRUE(iterator->Reset().ok());
                         })
                  .ok());
  ASSERT_TRUE(threads[3]
                  .Start("owner",
                         [&] {
                           while (!stop.Load(kRelaxed)) {
                             auto other = Open();
                             EXPECT_TRUE(other->Next().ok());
                             lives.FetchAdd(1, kRelaxed);
                           }
                         })
                  .ok());
  for (int i = 0; i < 100 && !HasFailure(); ++i)
    EXPECT_EQ(Fork([&] { return UseInChild(std::move(iterator)); }), 0) << "fork " << i;
  const int64_t before = lives.Load(kRelaxed);
  while (lives.Load(kRelaxed) == before) YieldThread();
  stop.Store(true, kRelaxed);
  for (Thread& thread : threads) thread.Join();
  ASSERT_TRUE(iterator->Reset().ok());
  for (int64_t row = 0; row < 300; ++row) ASSERT_EQ(Value(iterator->Next().value().value()), row);
  EXPECT_FALSE(iterator->Next()->has_value());
}

// A daemon forks twice, and a child may read with an iterator of its own.
TEST_F(IteratorFork, AChildMayForkAgainAndReadForItself) {
  WriteRows(10);
  auto iterator = Open();
  const auto read_for_itself = [this] {
    auto own = Open();
    for (int64_t row = 0; row < 10; ++row) {
      const auto batch = own->Next();
      if (!batch.ok() || !batch->has_value() || Value(**batch) != row) return 10;
    }
    return own->Next()->has_value() ? 11 : 0;
  };
  EXPECT_EQ(Fork([&] {
              const int inner = Fork([&] {
                const int own = read_for_itself();
                return own != 0 ? own : UseInChild(std::move(iterator));
              });
              if (inner != 0) return inner;
              const int used = UseInChild(std::move(iterator));
              return used != 0 ? used : read_for_itself();
            }),
            0);
  EXPECT_EQ(Value(iterator->Next().value().value()), 0);
}

// A source without an iterator has a reading thread too. It says so in the child, and starts again.
TEST_F(IteratorFork, ASourceStartsAgainInTheChild) {
  WriteRows(100000);  // more than is read ahead
  auto source = CsvSource::Create(Options()).value();
  EXPECT_EQ(Value(source->Next().value().value()), 0);
  EXPECT_EQ(Fork([&] {
              Result<std::optional<Batch>> batch = source->Next();
              for (; batch.ok(); batch = source->Next())
                if (!batch->has_value()) return 1;
              if (batch.status().code() != StatusCode::kStopped) return 2;
              if (!source->Reset().ok()) return 3;
              for (int64_t row = 0; row < 100000; ++row) {
                batch = source->Next();
                if (!batch.ok() || !batch->has_value() || Value(**batch) != row) return 4;
              }
              if (source->Next()->has_value()) return 5;
              source.reset();
              return 0;
            }),
            0);
  for (int64_t row = 1; row < 100000; ++row) ASSERT_EQ(Value(source->Next().value().value()), row);
}

}  // namespace
}  // namespace tenter
