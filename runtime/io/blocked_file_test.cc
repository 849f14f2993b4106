// An iterator over a file that does not answer: close and reset return all the same, and what is
// left behind goes away (ITR-4, ITR-5).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/gate.h"
#include "runtime/io/csv_source.h"
#include "runtime/io/threaded_iterator.h"

namespace tenter {
namespace {

int64_t CountEntries(const char* directory) {
  int64_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory)) ++count;
  return count;
}

class BlockedFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "blocked_file_test_" + std::to_string(getpid());
    std::remove(path_.c_str());
    Thread first;  // with the first thread ThreadSanitizer starts one of its own
    ASSERT_TRUE(first.Start("first", [] {}).ok());
    first.Join();
    Measure(&threads_, &descriptors_);
  }
  void TearDown() override {
    std::remove(path_.c_str());
    // A joined thread may take the kernel a moment to disappear, and so may one left behind.
    int64_t threads = 0, descriptors = 0;
    const int64_t deadline = NowNs() + 5 * kNsPerSecond;
    do {
      YieldThread();
      Measure(&threads, &descriptors);
    } while ((threads > threads_ || descriptors > descriptors_) && NowNs() < deadline);
    EXPECT_LE(threads, threads_);
    EXPECT_LE(descriptors, descriptors_);
  }

  static void Measure(int64_t* threads, int64_t* descriptors) {
    *threads = CountEntries("/proc/self/task");
    *descriptors = CountEntries("/proc/self/fd");
  }

  void MakeFifo() { ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0); }

  // The writing end, once somebody has opened the other; -1 when nobody does.
  int OpenWriter() {
    const int64_t deadline = NowNs() + 5 * kNsPerSecond;
    while (NowNs() < deadline) {
      const int fd = open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
      if (fd >= 0) return fd;
      YieldThread();
    }
    return -1;
  }
  static void Write(int fd, const std::string& text) {
    EXPECT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  std::unique_ptr<ThreadedIterator> Open(const std::string& path) {
    auto source = CsvSource::Create({.path = path, .row_shape = Shape({1}), .batch_size = 1});
    return ThreadedIterator::Create(std::move(source).value(), {.prefetch = 2}).value();
  }

  // Closes within the time of the contract; `rescue` ends what blocks, so that a failure is no
  // hang.
  static void ExpectCloses(ThreadedIterator& iterator, const std::function<void()>& rescue) {
    Mutex mutex;
    CondVar changed;
    bool closed = false;
    Thread closer;
    const int64_t begin = NowNs();
    ASSERT_TRUE(closer
                    .Start("closer",
                           [&] {
                             iterator.Close();
                             MutexLock lock(mutex);
                             closed = true;
                             changed.NotifyAll();
                           })
                    .ok());
    bool in_time = true;
    {
      MutexLock lock(mutex);
      while (!closed && in_time) in_time = changed.WaitFor(mutex, 2 * kNsPerSecond);
      in_time = closed;
    }
    EXPECT_TRUE(in_time) << "Close waits for the file";
    if (in_time) {
      EXPECT_LT(NowNs() - begin, 100 * kNsPerMs);
    } else {
      rescue();
    }
    closer.Join();
  }

  static float Value(const Result<std::optional<Batch>>& batch) {
    if (!batch.ok() || !batch->has_value()) return -1;
    return (*batch)->data.data<float>()[0];
  }

  std::string path_;
  int64_t threads_ = 0, descriptors_ = 0;
};

TEST_F(BlockedFile, CloseWhileAFifoHasNoWriter) {
  MakeFifo();
  auto iterator = Open(path_);
  ExpectCloses(*iterator, [&] { close(OpenWriter()); });
}

TEST_F(BlockedFile, CloseWhileTheWriterIsSilent) {
  MakeFifo();
  auto iterator = Open(path_);
  const int writer = OpenWriter();
  ASSERT_GE(writer, 0);
  Write(writer, "1\n2");  // a row, and the beginning of one
  EXPECT_EQ(Value(iterator->Next()), 1);
  ExpectCloses(*iterator, [&] { close(writer); });
  close(writer);
}

// A FIFO that has no writer yet is not at its end, nor is one whose writer pauses.
TEST_F(BlockedFile, AFifoIsReadToItsWritersEnd) {
  MakeFifo();
  auto iterator = Open(path_);
  const int writer = OpenWriter();
  ASSERT_GE(writer, 0);
  for (int i = 1; i <= 5; ++i) {
    Write(writer, std::to_string(i));
    Write(writer, "\n");
    EXPECT_EQ(Value(iterator->Next()), i);
  }
  close(writer);
  EXPECT_FALSE(iterator->Next().value().has_value());
}

// ITR-4: the epoch that waited is over, and the rows of the next one are its own.
TEST_F(BlockedFile, ResetWhileTheWriterIsSilent) {
  MakeFifo();
  auto iterator = Open(path_);
  const int silent = OpenWriter();
  ASSERT_GE(silent, 0);
  Write(silent, "1\n2");
  EXPECT_EQ(Value(iterator->Next()), 1);
  // The next epoch reads another file of the same name.
  std::remove(path_.c_str());
  std::ofstream(path_) << "7\n";
  ASSERT_TRUE(iterator->Reset().ok());
  Mutex mutex;
  CondVar changed;
  bool read = false;
  Thread rescuer;
  ASSERT_TRUE(rescuer
                  .Start("rescuer",
                         [&] {
                           MutexLock lock(mutex);
                           while (!read && changed.WaitFor(mutex, 2 * kNsPerSecond)) {
                           }
                           EXPECT_TRUE(read) << "the new epoch waits for the old file";
                           close(silent);
                         })
                  .ok());
  EXPECT_EQ(Value(iterator->Next()), 7);
  {
    MutexLock lock(mutex);
    read = true;
    changed.NotifyAll();
  }
  rescuer.Join();
  EXPECT_FALSE(iterator->Next().value().has_value());
}

// A terminal: what somebody types is read as it comes, and nobody has to type for Close.
TEST_F(BlockedFile, CloseWhileATerminalIsSilent) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
    GTEST_SKIP() << "no pseudo-terminal here";
  auto iterator = Open(ptsname(master));
  Write(master, "4\n");
  EXPECT_EQ(Value(iterator->Next()), 4);
  ExpectCloses(*iterator, [&] { Write(master, "\x04"); });
  close(master);
}

// /dev/stdin is such a name.
TEST_F(BlockedFile, APipeIsReadByTheNameOfItsDescriptor) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  auto iterator = Open("/proc/self/fd/" + std::to_string(ends[0]));
  Write(ends[1], "5\n");
  EXPECT_EQ(Value(iterator->Next()), 5);
  EXPECT_EQ(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0) << "the pipe of others was changed";
  ExpectCloses(*iterator, [&] { close(ends[1]); });
  close(ends[0]);
  close(ends[1]);
}

// A file server that keeps a lease lets an open wait inside the system, as a dead network mount
// does.
class LeasedFile : public BlockedFile {
 protected:
  void SetUp() override {
    BlockedFile::SetUp();
    signal(SIGIO, SIG_IGN);  // the system asks for the lease with it
    std::ofstream(path_) << "6\n";
    leased_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(leased_, 0);
    if (fcntl(leased_, F_SETLEASE, F_WRLCK) != 0) GTEST_SKIP() << "no leases on this file system";
  }
  void TearDown() override {
    close(leased_);
    signal(SIGIO, SIG_DFL);
    BlockedFile::TearDown();
  }

  // The system asks for the lease when somebody waits for it.
  void AwaitOpen() {
    const int64_t deadline = NowNs() + 5 * kNsPerSecond;
    while (fcntl(leased_, F_GETLEASE) == F_WRLCK && NowNs() < deadline) YieldThread();
    EXPECT_NE(fcntl(leased_, F_GETLEASE), F_WRLCK);
  }
  void GiveBack() { EXPECT_EQ(fcntl(leased_, F_SETLEASE, F_UNLCK), 0); }

 private:
  int leased_ = -1;
};

// The reading thread is left behind inside open, and ends when the system returns from it.
TEST_F(LeasedFile, CloseWhileTheSystemDoesNotComeBackFromOpen) {
  {
    auto iterator = Open(path_);
    AwaitOpen();
    ExpectCloses(*iterator, [&] { GiveBack(); });
  }
  GiveBack();
}

// An open that had to wait for the lease is no error.
TEST_F(LeasedFile, AnOpenThatWaitedGoesOn) {
  auto iterator = Open(path_);
  AwaitOpen();
  GiveBack();
  EXPECT_EQ(Value(iterator->Next()), 6);
}

extern "C" void IgnoreSignal(int) {}

// A signal that interrupts a system call is no error and no end.
TEST_F(BlockedFile, SignalsDoNotEndAnEpoch) {
  struct sigaction interrupting = {}, before = {};
  interrupting.sa_handler = IgnoreSignal;  // without SA_RESTART
  sigaction(SIGUSR1, &interrupting, &before);
  MakeFifo();
  auto iterator = Open(path_);
  const int writer = OpenWriter();
  ASSERT_GE(writer, 0);
  for (int i = 1; i <= 100; ++i) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
      tgkill(getpid(), std::stoi(task.path().filename()), SIGUSR1);
    Write(writer, std::to_string(i) + "\n");
    ASSERT_EQ(Value(iterator->Next()), i);
  }
  close(writer);
  EXPECT_FALSE(iterator->Next().value().has_value());
  sigaction(SIGUSR1, &before, nullptr);
}

// ITR-5: also before the file was opened, while it is opened, and while it is read.
TEST_F(BlockedFile, CloseAtAnyMomentOfAFifo) {
  MakeFifo();
  for (int round = 0; round < 200; ++round) {
    auto iterator = Open(path_);
    for (int i = round % 20; i > 0; --i) YieldThread();
    ExpectCloses(*iterator, [&] { close(OpenWriter()); });
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tenter
