// LineReader: a file line by line, each line a view of the bytes that were read where it can be.
//
// Path: FileReader -> LineReader -> CsvSource.
//
// Thread safety: one thread at a time, but Interrupt, which any thread may call meanwhile.
// Ownership and lifetime: the text of a line is valid until the next call.
// Invariants: a line takes no more memory than the limit, however long it is.
// Errors: those of FileReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/io/file_reader.h"

namespace tenter {

struct Line {
  std::string_view text;  // without its end; when it is not whole, its beginning
  bool whole = true;      // not longer than the limit
};

class LineReader {
 public:
  explicit LineReader(size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  Status Open(const std::string& path) { return file_.Open(path); }
  // The next line; false at the end of the file. REQUIRES: open.
  Result<bool> Next(Line* line);
  // Also takes back an Interrupt.
  void Close();
  void Interrupt() { file_.Interrupt(); }

  // The number of the line that Next returned last; 0 before the first.
  int64_t number() const { return number_; }
  size_t line_bytes_max() const { return line_bytes_max_; }

 private:
  // Goes on with bytes that do not hold the end of the line.
  Result<bool> NextCarried(Line* line);

  const size_t line_bytes_max_;
  std::string_view rest_;  // bytes that were read and not returned
  std::string carried_;    // the beginning of a line that ends in later bytes
  bool skipping_ = false;  // the rest of a line that was too long
  int64_t number_ = 0;
  FileReader file_;
};

}  // namespace tenter
