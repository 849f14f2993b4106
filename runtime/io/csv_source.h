// CsvSource: batches of rows from a file of comma-separated numbers.
//
// A row is one line; blank lines, a byte order mark and carriage returns are ignored. The numbers
// of a row fill the declared shape in row-major order.
//
// The file may be anything that can be read. Of a FIFO, Next waits for the first writer and reads
// until the last one has closed it. Interrupt ends any such wait.
//
// Thread safety: one thread at a time (see BatchSource).
// Ownership and lifetime: holds the file from the first Next of an epoch to Reset or destruction.
// Invariants: (1) batches hold the rows of the file in order, each once (ITR-1); only pad rows
//   repeat. (2) Next looks at no row beyond the batch that it returns, so an error belongs to its
//   batch (ITR-2). (3) however long a line is, it takes no more memory than kLineBytesMin, or than
//   a row needs whose numbers are all written out to the last digit, whichever is more.
// Errors, each naming file, line, expected and found: kNotFound, kDataLoss (empty file, NUL byte,
//   ragged row, not a number, endless line, failed read), kInvalidArgument (a directory, row length
//   against shape), kOutOfRange (a number that its type cannot hold), kResourceExhausted (no
//   thread, descriptor or memory), kClosed (interrupted).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/probe.h"
#include "runtime/io/batch_source.h"
#include "runtime/io/line_reader.h"

namespace tenter {

struct CsvOptions {
  std::string path = {};
  Shape row_shape = {};  // of one row, without the batch
  DType dtype = DType::kFloat32;
  int64_t batch_size = 1;
  // On: the last batch is filled up with rows from the beginning of the epoch, as many as `pad`
  // says. Off: it is shorter.
  bool round_batch = true;
  // How many bad rows of an epoch are skipped; the next one is an error. 0: the first one is.
  int64_t bad_rows_max = 0;
  Probe* probe = nullptr;  // borrowed
};

class CsvSource final : public BatchSource {
 public:
  // Checks the options; does not open the file. Errors: kInvalidArgument names the option.
  static Result<std::unique_ptr<CsvSource>> Create(CsvOptions options);

  Result<std::optional<Batch>> Next() override;
  Status Reset() override;
  void Interrupt() noexcept override { lines_.Interrupt(); }

  // The rows that were skipped since the last call (bad_rows_max > 0).
  SkippedRows TakeSkipped() override { return std::exchange(skipped_, {}); }

 private:
  static constexpr size_t kLineBytesMin = 1 << 20;

  explicit CsvSource(CsvOptions options);
  static Result<std::unique_ptr<CsvSource>> CreateFrom(CsvOptions options);
  Status Open();
  Result<std::optional<Batch>> NextBatch();
  // Appends the next good row to rows_; false at the end of the file.
  Result<bool> ReadRow();
  Result<bool> NextLine(Line* line);
  Status ParseLine(const Line& line);
  // Leaves a bad row out, or says why the epoch ends here.
  Status Skip(Status reason);
  Status ParseRow(std::string_view line);
  Status ParseNumber(std::string_view field, int64_t column);
  Result<std::optional<Batch>> MakeBatch(int64_t rows);
  std::string Place() const;

  const CsvOptions options_;
  const size_t row_bytes_;
  const int64_t row_numbers_;
  LineReader lines_;
  bool open_ = false;
  int64_t rows_read_ = 0;
  int64_t batches_ = 0;
  std::string rows_;        // bytes of the rows of the batch that is being read
  std::string first_rows_;  // bytes of the first batch, for padding
  int64_t bad_rows_ = 0;
  SkippedRows skipped_;
};

}  // namespace tenter
