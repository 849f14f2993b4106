#include "runtime/io/line_reader.h"

namespace tenter {

Result<bool> LineReader::Next(Line* line) {
  const size_t end = rest_.find('\n');
  if (end == std::string_view::npos || skipping_) return NextCarried(line);
  *line = {rest_.substr(0, end), end <= line_bytes_max_};
  rest_.remove_prefix(end + 1);
  ++number_;
  return true;
}

Result<bool> LineReader::NextCarried(Line* line) {
  carried_.clear();
  bool ends = false, whole = true;
  while (!ends && whole) {
    if (rest_.empty()) {
      TENTER_ASSIGN_OR_RETURN(rest_, file_.Read());
      if (rest_.empty()) break;
    }
    const size_t end = rest_.find('\n');
    const std::string_view piece = rest_.substr(0, end);
    ends = end != std::string_view::npos;
    rest_.remove_prefix(ends ? end + 1 : rest_.size());
    if (skipping_) {
      skipping_ = !ends;
      ends = false;  // it was the end of the line that was too long
      continue;
    }
    whole = carried_.size() + piece.size() <= line_bytes_max_;
    if (whole) carried_ += piece;
  }
  if (!ends && whole && carried_.empty()) return false;
  skipping_ = !ends && !whole;
  *line = {carried_, whole};
  ++number_;
  return true;
}

void LineReader::Close() {
  file_.Close();
  rest_ = {};
  carried_.clear();
  skipping_ = false;
  number_ = 0;
}

}  // namespace tenter
