// LineReader: a file line by line, each line a view of the bytes that were read where it can be.
//
// Path: FileReader -> LineReader -> CsvSource.
//
// Thread safety: one thread at a time; Interrupt alone from any thread, at any time.
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
  std::string_view text;  // without the line break; of a line that is not whole, any beginning
  bool whole = true;      // false: longer than the limit
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
  // Next for a line that does not begin and end within rest_.
  Result<bool> NextCarried(Line* line);

  const size_t line_bytes_max_;
  std::string_view rest_;  // bytes that were read and not returned
  std::string carried_;    // a line that came in pieces
  bool skipping_ = false;  // the bytes up to the next line break belong to a line too long
  int64_t number_ = 0;
  FileReader file_;
};

}  // namespace tenter
