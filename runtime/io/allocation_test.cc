// Out of memory in an iterator: the n-th allocation fails, for n = 1, 2, ... until everything
// succeeds. Each failure is a typed error at its place, nothing ends the process, nothing is lost
// or leaked, and Reset recovers (ITR-2, ITR-3, ITR-5).
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <new>
#include <stdexcept>

#include "runtime/base/failing_allocations.h"
#include "runtime/io/csv_source.h"
#include "runtime/io/threaded_iterator.h"

namespace tenter {
namespace {

// Process-wide, since the producer and the reading thread allocate too.
constexpr auto kEverybody = FailingAllocations::Whose::kEveryThread;
using HowMany = FailingAllocations::HowMany;

// What one reading of an epoch came to. It is filled in while allocations fail, so it needs none.
struct Epoch {
  int64_t batches = 0;
  int64_t out_of_memory = 0;  // answers of this kind
  bool ended = false;
  bool in_order = true;
  StatusCode own_error = StatusCode::kOk;  // the last of the source's own
};

// One kind of iterator, and how its epoch looks when nothing fails.
struct Kind {
  const char* name;
  std::function<Result<std::unique_ptr<BatchSource>>(const std::string& path)> source;
  const char* text;  // of the file
  int64_t batches;   // before the end or the error
  StatusCode error;  // kOk: it ends
  int64_t skipped;   // rows
};

// Reads on after an error: the error of a single call leaves the epoch as it was, and one that
// ended the epoch comes again.
Epoch Read(ThreadedIterator& iterator) {
  Epoch epoch;
  for (int errors = 0; errors < 3;) {
    const auto batch = iterator.Next();
    if (!batch.ok()) {
      ++errors;
      const StatusCode code = batch.status().code();
      if (code == StatusCode::kResourceExhausted)
        ++epoch.out_of_memory;
      else
        epoch.own_error = code;
      continue;
    }
    if (!batch->has_value()) {
      epoch.ended = true;
      break;
    }
    epoch.in_order &= (*batch)->index == epoch.batches;
    epoch.in_order &= (*batch)->data.data<float>()[0] == static_cast<float>(epoch.batches);
    ++epoch.batches;
  }
  return epoch;
}

// The source of a user who throws, with a text that needs memory.
class ThrowingSource final : public BatchSource {
 public:
  Result<std::optional<Batch>> Next() override {
    if (next_ == 2)
      throw std::runtime_error("a record that is bad in so many words that they need memory");
    TENTER_ASSIGN_OR_RETURN(Tensor data, Tensor::Allocate({DType::kFloat32, Shape({1})}));
    data.mutable_data<float>()[0] = static_cast<float>(next_);
    return std::optional<Batch>(Batch{.data = std::move(data), .index = next_++});
  }
  Status Reset() override {
    next_ = 0;
    return {};
  }

 private:
  int64_t next_ = 0;
};

Result<std::unique_ptr<BatchSource>> Csv(const std::string& path, int64_t bad_rows_max) {
  TENTER_ASSIGN_OR_RETURN(
      auto source,
      CsvSource::Create(
          {.path = path, .row_shape = Shape({1}), .batch_size = 1, .bad_rows_max = bad_rows_max}));
  return std::unique_ptr<BatchSource>(std::move(source));
}

// What this test allocates itself may fail as well.
bool Made(const char* path) {
  try {
    return Csv(path, 0).ok();
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// The first source of a process also sets up what a fork needs: when that finds no memory, the
// process must still be able to fork.
TEST(AllocationDeathTest, AProcessForksAfterItsFirstSourceFailed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // a process in which nothing was set up
  EXPECT_EXIT(
      {
        alarm(10);  // a fork that hangs dies of it
        for (int64_t n = 1, failed = 1; failed > 0; ++n) {
          FailingAllocations failing(n, kEverybody);
          const bool made = Made("no/such/file");
          failed = failing.Disarm();
          if (made != (failed == 0)) _exit(1);
        }
        const pid_t child = fork();
        if (child == 0) _exit(0);
        int status = 1;
        waitpid(child, &status, 0);
        _exit(status == 0 ? 0 : 2);
      },
      testing::ExitedWithCode(0), "");
}

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

class Allocation : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "allocation_test_" + std::to_string(getpid());
    std::ofstream(path_) << GetParam().text;
  }
  void TearDown() override { std::remove(path_.c_str()); }

  // What this test allocates itself may fail as well.
  Result<std::unique_ptr<ThreadedIterator>> Create() {
    try {
      TENTER_ASSIGN_OR_RETURN(auto source, GetParam().source(path_));
      return ThreadedIterator::Create(std::move(source), {.prefetch = 2});
    } catch (const std::bad_alloc&) {
      return Status(StatusCode::kResourceExhausted, "out of memory");
    }
  }

  // An epoch in which nothing failed.
  void ExpectWhole(const Epoch& epoch) {
    EXPECT_TRUE(epoch.in_order);
    EXPECT_EQ(epoch.batches, GetParam().batches);
    EXPECT_EQ(epoch.out_of_memory, 0);
    EXPECT_EQ(epoch.ended, GetParam().error == StatusCode::kOk);
    EXPECT_EQ(epoch.own_error, GetParam().error);
  }

  // Lives one iterator whose n-th allocation fails; returns how many failed.
  int64_t Live(int64_t n, HowMany how_many) {
    FailingAllocations failing(n, kEverybody, how_many);
    Result<std::unique_ptr<ThreadedIterator>> made = Create();
    if (!made.ok()) {
      EXPECT_TRUE(failing.Disarm());
      EXPECT_EQ(made.status().code(), StatusCode::kResourceExhausted);
      return 1;
    }
    ThreadedIterator& iterator = **made;
    const Epoch epoch = Read(iterator);
    const Status reset = iterator.Reset();
    failing.Disarm();
    const int64_t failed = failing.failed();
    EXPECT_TRUE(reset.ok() || reset.code() == StatusCode::kResourceExhausted);
    EXPECT_TRUE(epoch.in_order);
    EXPECT_LE(epoch.batches, GetParam().batches);
    if (failed == 0) ExpectWhole(epoch);
    const bool own_answer = epoch.own_error != StatusCode::kOk;
    EXPECT_TRUE(epoch.ended || own_answer || epoch.out_of_memory > 0);
    EXPECT_TRUE(!own_answer || epoch.own_error == GetParam().error);
    // What failed while the epoch after it began may still be its error: that one is reset too.
    EXPECT_TRUE(iterator.Reset().ok());
    ExpectWhole(Read(iterator));
    EXPECT_EQ(iterator.skipped()->count(), GetParam().skipped);
    iterator.Close();
    return failed;
  }

  void Sweep(HowMany how_many) {
    for (int64_t n = 1; !HasFailure(); ++n) {
      SCOPED_TRACE("allocation " + std::to_string(n));
      if (Live(n, how_many) == 0) {
        EXPECT_GT(n, 5);  // else nothing was tried
        return;
      }
    }
  }

  std::string path_;
};

TEST_P(Allocation, OneFails) { Sweep(HowMany::kOne); }
TEST_P(Allocation, AllFailFromOneOn) { Sweep(HowMany::kAllFromThere); }

INSTANTIATE_TEST_SUITE_P(
    Iterators, Allocation,
    testing::Values(Kind{"Rows", [](const std::string& path) { return Csv(path, 0); },
                         "0\n1\n2\n3\n", 4, StatusCode::kOk, 0},
                    Kind{"BadRow", [](const std::string& path) { return Csv(path, 0); },
                         "0\n1\na row that is bad\n", 2, StatusCode::kDataLoss, 0},
                    Kind{"SkippedRows", [](const std::string& path) { return Csv(path, 3); },
                         "0\nx\n1\ny\n2\nz\n", 3, StatusCode::kOk, 3},
                    Kind{"TooManyBadRows", [](const std::string& path) { return Csv(path, 1); },
                         "0\nx\n1\ny\n2\n", 2, StatusCode::kDataLoss, 1},
                    Kind{"NoFile", [](const std::string&) { return Csv("no/such/file", 0); }, "", 0,
                         StatusCode::kNotFound, 0},
                    Kind{"Throws",
                         [](const std::string&) -> Result<std::unique_ptr<BatchSource>> {
                           return std::unique_ptr<BatchSource>(new ThrowingSource);
                         },
                         "", 2, StatusCode::kInternal, 0}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tenter
