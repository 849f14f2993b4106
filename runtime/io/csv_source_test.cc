#include "runtime/io/csv_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace tenter {
namespace {

class CsvSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "csv_source_test_" + std::to_string(getpid()) + ".csv";
  }
  void TearDown() override { std::remove(path_.c_str()); }

  std::unique_ptr<CsvSource> Open(const std::string& text, CsvOptions options) {
    std::ofstream(path_, std::ios::binary) << text;
    options.path = path_;
    return CsvSource::Create(std::move(options)).value();
  }
  // The error of reading to the end, without the path in front.
  Status ReadAll(CsvSource& source) {
    while (true) {
      const auto batch = source.Next();
      if (!batch.ok()) return batch.status();
      if (!batch->has_value()) return {};
    }
  }
  std::string path_;
};

std::vector<float> Floats(const Batch& batch) {
  const float* data = batch.data.data<float>();
  return {data, data + batch.data.size_bytes() / sizeof(float)};
}

// ITR-1: every row once, in order; only the pad of the last batch repeats.
TEST_F(CsvSourceTest, RoundBatchPadsFromTheBeginning) {
  auto source = Open("1,2\n3,4\r\n\n5,6\n", {.row_shape = Shape({2}), .batch_size = 2});
  Batch first = source->Next().value().value();
  EXPECT_EQ(Floats(first), (std::vector<float>{1, 2, 3, 4}));
  Batch last = source->Next().value().value();
  EXPECT_EQ(Floats(last), (std::vector<float>{5, 6, 1, 2}));
  EXPECT_EQ(last.pad, 1);
  EXPECT_EQ(last.index, 1);
  EXPECT_EQ(last.first_row, 2);
  EXPECT_FALSE(source->Next().value().has_value());
}

TEST_F(CsvSourceTest, RoundBatchOfAFileShorterThanOneBatchRepeatsIt) {
  auto source = Open("1\n2\n", {.row_shape = Shape({1}), .batch_size = 5});
  EXPECT_EQ(Floats(*source->Next().value()), (std::vector<float>{1, 2, 1, 2, 1}));
}

TEST_F(CsvSourceTest, WithoutRoundBatchTheLastBatchIsShorter) {
  auto source = Open("1\n2\n3", {.row_shape = Shape({1}), .batch_size = 2, .round_batch = false});
  EXPECT_EQ(source->Next().value()->data.shape(), Shape({2, 1}));
  const Batch last = source->Next().value().value();
  EXPECT_EQ(last.data.shape(), Shape({1, 1}));
  EXPECT_EQ(last.pad, 0);
}

TEST_F(CsvSourceTest, ParsesEveryDtype) {
  auto ints = Open("-7,+8\n", {.row_shape = Shape({2}), .dtype = DType::kInt64});
  EXPECT_EQ(ints->Next().value()->data.data<int64_t>()[1], 8);
  auto bytes = Open("\xef\xbb\xbf 0 , 255 \n", {.row_shape = Shape({2}), .dtype = DType::kUint8});
  EXPECT_EQ(bytes->Next().value()->data.data<uint8_t>()[1], 255);
  auto doubles = Open("1e-300,2\n", {.row_shape = Shape({2}), .dtype = DType::kFloat64});
  EXPECT_EQ(doubles->Next().value()->data.data<double>()[0], 1e-300);
}

// ITR-3: Reset starts a clean epoch, also after an error.
TEST_F(CsvSourceTest, ResetStartsAgain) {
  auto source = Open("1\n2\nx\n", {.row_shape = Shape({1}), .batch_size = 1});
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(Floats(*source->Next().value())[0], 1);
    EXPECT_EQ(Floats(*source->Next().value())[0], 2);
    EXPECT_FALSE(source->Next().ok());
    ASSERT_TRUE(source->Reset().ok());
  }
}

// ITR-3: the other policy: bad rows are skipped and collected, up to a limit.
TEST_F(CsvSourceTest, BadRowsAreSkippedAndCollectedUpToALimit) {
  const std::string text = "1\n2,2\n3\nx\n5\n";
  auto source = Open(text, {.row_shape = Shape({1}), .batch_size = 3, .bad_rows_max = 2});
  EXPECT_EQ(Floats(*source->Next().value()), (std::vector<float>{1, 3, 5}));
  const SkippedRows skipped = source->TakeSkipped();
  ASSERT_EQ(skipped.rows().size(), 2u);
  EXPECT_EQ(skipped.rows().front().line, 2);
  EXPECT_EQ(skipped.rows().front().reason.message(), path_ + ":2: row length 2, shape [1] wants 1");
  EXPECT_EQ(skipped.rows().back().line, 4);
  EXPECT_EQ(source->TakeSkipped().count(), 0);
  auto strict = Open(text, {.row_shape = Shape({1}), .batch_size = 3, .bad_rows_max = 1});
  const Status status = ReadAll(*strict);
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("more than 1 bad rows"), std::string::npos);
}

// The second published example of the exception-handling design.
TEST_F(CsvSourceTest, RowAgainstShapeNamesBothLengths) {
  auto source = Open("1,2,3,4\n2,3,4,5\n", {.row_shape = Shape({4, 10})});
  EXPECT_EQ(ReadAll(*source).message(), path_ + ":1: row length 4, shape [4,10] wants 40");
}

struct BadFile {
  const char* name;
  std::string text;
  DType dtype;
  StatusCode code;
  std::string message;
};

class CsvBadFile : public CsvSourceTest, public testing::WithParamInterface<BadFile> {};

TEST_P(CsvBadFile, IsOneLineThatNamesThePlace) {
  const BadFile& bad = GetParam();
  auto source = Open(bad.text, {.row_shape = Shape({2}), .dtype = bad.dtype});
  const Status status = ReadAll(*source);
  EXPECT_EQ(status.code(), bad.code);
  EXPECT_EQ(status.message(), path_ + bad.message);
  EXPECT_EQ(status.message().find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Files, CsvBadFile,
    testing::Values(
        BadFile{"Ragged", "1,2\n1,2,3\n", DType::kFloat32, StatusCode::kInvalidArgument,
                ":2: row length 3, shape [2] wants 2"},
        BadFile{"Empty", "", DType::kFloat32, StatusCode::kDataLoss,
                ": expected rows of numbers, the file is empty"},
        BadFile{"Blank", "\n\n", DType::kFloat32, StatusCode::kDataLoss,
                ": expected rows of numbers, found none"},
        BadFile{"NulByte", std::string("1,\0\n", 4), DType::kFloat32, StatusCode::kDataLoss,
                ":1: expected text, found a NUL byte at column 3"},
        BadFile{"NotANumber", "1,abc\n", DType::kFloat32, StatusCode::kDataLoss,
                ":1: expected float32 in column 2, found 'abc'"},
        BadFile{"EmptyField", "1,\n", DType::kFloat32, StatusCode::kDataLoss,
                ":1: expected float32 in column 2, found ''"},
        BadFile{"FloatOutOfRange", "1e99,0\n", DType::kFloat32, StatusCode::kOutOfRange,
                ":1: expected float32 in column 1, found '1e99', which is out of range"},
        BadFile{"ByteOutOfRange", "1,2\n3,256\n", DType::kUint8, StatusCode::kOutOfRange,
                ":2: expected uint8 in column 2, found '256', which is out of range"}),
    [](const auto& info) { return info.param.name; });

TEST_F(CsvSourceTest, MissingFileIsNamed) {
  auto source = CsvSource::Create({.path = "no/such/file.csv", .row_shape = Shape({1})}).value();
  EXPECT_EQ(ReadAll(*source).ToString(),
            "not_found: no/such/file.csv: cannot be opened for reading: No such file or directory");
}

TEST_F(CsvSourceTest, WhatIsNoFileOfRowsIsNamedInTheSystemsWords) {
  const auto answer = [this](const std::string& path) {
    auto source = CsvSource::Create({.path = path, .row_shape = Shape({1})}).value();
    return ReadAll(*source).ToString();
  };
  EXPECT_EQ(answer("/"), "invalid_argument: /: expected a file of rows, found a directory");
  EXPECT_EQ(answer("/dev/null"),
            "data_loss: /dev/null: expected rows of numbers, the file is empty");
  ASSERT_EQ(symlink(path_.c_str(), path_.c_str()), 0);
  EXPECT_EQ(answer(path_), "not_found: " + path_ +
                               ": cannot be opened for reading: Too many levels of symbolic links");
  // This page of the process's own memory is not there: the system opens it and cannot read it.
  EXPECT_EQ(answer("/proc/self/mem"),
            "data_loss: /proc/self/mem:0: reading failed: Input/output error");
}

// A line without an end costs no more memory than the longest row could; the row after it is read.
TEST_F(CsvSourceTest, AnEndlessLineIsABadRow) {
  auto endless = CsvSource::Create({.path = "/dev/zero", .row_shape = Shape({1})}).value();
  EXPECT_EQ(ReadAll(*endless).ToString(),
            "data_loss: /dev/zero:1: expected a row of at most 1048576 bytes, found more");
  auto source = Open("1\n" + std::string(5 << 20, '2') + "\n3\n" + std::string(2 << 20, '4'),
                     {.row_shape = Shape({1}), .batch_size = 2, .bad_rows_max = 2});
  EXPECT_EQ(Floats(*source->Next().value()), (std::vector<float>{1, 3}));
  EXPECT_FALSE(source->Next().value().has_value());
  EXPECT_EQ(source->TakeSkipped().count(), 2);
}

// Rows are the same wherever the chunks of the file end, and so are the numbers of bad lines.
TEST_F(CsvSourceTest, RowsMayStandAcrossTheChunksOfAFile) {
  for (const int digits : {1, 7, 1000, 100000}) {
    std::string text;
    int64_t rows = 0;
    while (text.size() < 600000) text += std::string(digits, '0') + std::to_string(++rows) + "\n";
    auto source =
        Open(text + "x", {.row_shape = Shape({1}), .dtype = DType::kInt32, .batch_size = 1});
    for (int32_t row = 1; row <= rows; ++row)
      ASSERT_EQ(source->Next().value()->data.data<int32_t>()[0], row);
    EXPECT_EQ(source->Next().status().message(),
              path_ + ":" + std::to_string(rows + 1) + ": expected int32 in column 1, found 'x'");
  }
}

TEST_F(CsvSourceTest, BadOptionsAreNamed) {
  EXPECT_EQ(CsvSource::Create({.row_shape = Shape({1}), .batch_size = 0}).status().message(),
            "batch_size must be positive, found 0");
  EXPECT_EQ(CsvSource::Create({.row_shape = Shape({0})}).status().message(),
            "row_shape must be positive, found [0]");
}

}  // namespace
}  // namespace tenter
