#include "harness/workloads/rows/bad_rows_file.h"

#include <algorithm>
#include <fstream>
#include <utility>

namespace tenter {
namespace {

int64_t CountBefore(const std::vector<int64_t>& lines, int64_t line) {
  return std::lower_bound(lines.begin(), lines.end(), line) - lines.begin();
}

}  // namespace

Result<BadRowsFile> BadRowsFile::Write(std::string path, const BadRowsOptions& options) {
  if (options.bad_rows >= options.rows)
    return Status(StatusCode::kInvalidArgument,
                  "workload: bad_rows is " + std::to_string(options.bad_rows) + " of " +
                      std::to_string(options.rows) + " rows: no row would be good");
  BadRowsFile made(std::move(path), options.columns);
  std::ofstream file(made.path_);
  Rng rng(options.seed);
  uint64_t bad_left = static_cast<uint64_t>(options.bad_rows);
  for (int64_t line = 1; line <= options.rows; ++line) {
    // Every choice of so many rows is as likely as every other.
    const bool bad = rng.Below(static_cast<uint64_t>(options.rows - line + 1)) < bad_left;
    if (bad) --bad_left;
    (bad ? made.bad_ : made.good_).push_back(line);
    file << (bad ? made.BadRow(line, &rng) : made.GoodRow(line)) << '\n';
  }
  if (!file.flush())
    return Status(StatusCode::kInternal, "workload: " + made.path_ + " cannot be written");
  return made;
}

std::string BadRowsFile::GoodRow(int64_t line) const {
  std::string row;
  for (int64_t column = 0; column < columns_; ++column)
    row += (column > 0 ? "," : "") + std::to_string((line - 1) * columns_ + column);
  return row;
}

std::string BadRowsFile::BadRow(int64_t line, Rng* rng) const {
  const std::string good = GoodRow(line);
  const size_t comma = good.rfind(',');
  switch (rng->Below(3)) {
    case 0:
      return good + ",0";
    case 1:
      // Of a row of one number nothing would be left, and a blank line is no row.
      if (comma != std::string::npos) return good.substr(0, comma);
      [[fallthrough]];
    default:
      return (comma == std::string::npos ? "" : good.substr(0, comma + 1)) + "seven";
  }
}

int64_t BadRowsFile::GoodBefore(int64_t line) const { return CountBefore(good_, line); }
int64_t BadRowsFile::BadBefore(int64_t line) const { return CountBefore(bad_, line); }

}  // namespace tenter
