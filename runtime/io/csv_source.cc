#include "runtime/io/csv_source.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "runtime/io/caught.h"
#include "runtime/io/number_text.h"
#include "runtime/io/sites.h"

namespace tenter {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Room for the longest text of a number: the smallest double has 1,074 digits behind the point, and
// there may be blanks around it.
constexpr size_t kNumberBytesMax = 2048;

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<std::unique_ptr<CsvSource>> CsvSource::Create(CsvOptions options) {
  return Caught([&] { return CreateFrom(std::move(options)); });
}

Result<std::unique_ptr<CsvSource>> CsvSource::CreateFrom(CsvOptions options) {
  if (options.batch_size < 1)
    return Status(StatusCode::kInvalidArgument,
                  "batch_size must be positive, found " + std::to_string(options.batch_size));
  if (options.dtype == DType::kBool)
    return Status(StatusCode::kUnsupported, "dtype bool is not supported for CSV");
  for (const int64_t dim : options.row_shape.dims())
    if (dim < 1)
      return Status(StatusCode::kInvalidArgument,
                    "row_shape must be positive, found " + options.row_shape.ToString());
  const TensorSpec row{options.dtype, options.row_shape};
  TENTER_RETURN_IF_ERROR(row.CountBytes().status());
  return std::unique_ptr<CsvSource>(new CsvSource(std::move(options)));
}

CsvSource::CsvSource(CsvOptions options)
    : options_(std::move(options)),
      row_bytes_(options_.row_shape.NumElements() * DTypeBytes(options_.dtype)),
      row_numbers_(options_.row_shape.NumElements()),
      lines_(std::max(kLineBytesMin, static_cast<size_t>(row_numbers_) * kNumberBytesMax)) {}

std::string CsvSource::Place() const {
  return options_.path + ":" + std::to_string(lines_.number());
}

Status CsvSource::Reset() {
  lines_.Close();
  open_ = false;
  rows_read_ = batches_ = 0;
  rows_.clear();
  first_rows_.clear();
  bad_rows_ = 0;
  skipped_ = {};
  return {};
}

Status CsvSource::Open() {
  TENTER_RETURN_IF_ERROR(
      TENTER_HIT(options_.probe, io_sites::kSourceOpen, .op = options_.path).error);
  const Status status = lines_.Open(options_.path);
  if (!status.ok()) return {status.code(), options_.path + ": " + status.message()};
  open_ = true;
  return {};
}

Result<std::optional<Batch>> CsvSource::Next() {
  return Caught([this] { return NextBatch(); });
}

Result<std::optional<Batch>> CsvSource::NextBatch() {
  if (!open_) TENTER_RETURN_IF_ERROR(Open());
  rows_.clear();
  int64_t rows = 0;
  while (rows < options_.batch_size) {
    TENTER_ASSIGN_OR_RETURN(const bool found, ReadRow());
    if (!found) break;
    ++rows;
  }
  if (rows == 0) {
    if (rows_read_ == 0)
      return Status(StatusCode::kDataLoss,
                    options_.path + ": expected rows of numbers, " +
                        (lines_.number() == 0 ? "the file is empty" : "found none"));
    return std::optional<Batch>();
  }
  return MakeBatch(rows);
}

Result<bool> CsvSource::ReadRow() {
  while (true) {
    Line line;
    TENTER_ASSIGN_OR_RETURN(const bool found, NextLine(&line));
    if (!found) return false;
    if (line.whole && Trim(line.text).empty()) continue;
    const size_t before = rows_.size();
    Status status = ParseLine(line);
    if (status.ok()) return true;
    rows_.resize(before);
    TENTER_RETURN_IF_ERROR(Skip(std::move(status)));
  }
}

Status CsvSource::Skip(Status reason) {
  if (options_.bad_rows_max == 0) return reason;
  if (++bad_rows_ > options_.bad_rows_max)
    return {StatusCode::kDataLoss, Place() + ": more than " +
                                       std::to_string(options_.bad_rows_max) +
                                       " bad rows; the last: " + reason.message()};
  skipped_.Add(lines_.number(), std::move(reason));
  return {};
}

Result<bool> CsvSource::NextLine(Line* line) {
  Result<bool> found = lines_.Next(line);
  if (!found.ok()) return Status(found.status().code(), Place() + ": " + found.status().message());
  if (lines_.number() == 1 && line->text.starts_with(kByteOrderMark))
    line->text.remove_prefix(kByteOrderMark.size());
  return found;
}

Status CsvSource::ParseLine(const Line& line) {
  if (!line.whole)
    return {StatusCode::kDataLoss, Place() + ": expected a row of at most " +
                                       std::to_string(lines_.line_bytes_max()) +
                                       " bytes, found more"};
  return ParseRow(line.text);
}

Status CsvSource::ParseRow(std::string_view line) {
  if (const size_t nul = line.find('\0'); nul != std::string_view::npos)
    return {StatusCode::kDataLoss,
            Place() + ": expected text, found a NUL byte at column " + std::to_string(nul + 1)};
  const int64_t numbers = std::count(line.begin(), line.end(), ',') + 1;
  if (numbers != row_numbers_)
    return {StatusCode::kInvalidArgument, Place() + ": row length " + std::to_string(numbers) +
                                              ", shape " + options_.row_shape.ToString() +
                                              " wants " + std::to_string(row_numbers_)};
  size_t begin = 0;
  for (int64_t column = 1; column <= numbers; ++column) {
    const size_t end = std::min(line.find(',', begin), line.size());
    TENTER_RETURN_IF_ERROR(ParseNumber(Trim(line.substr(begin, end - begin)), column));
    begin = end + 1;
  }
  return {};
}

Status CsvSource::ParseNumber(std::string_view field, int64_t column) {
  const std::errc error = AppendNumber(options_.dtype, field, &rows_);
  if (error == std::errc()) return {};
  const std::string expected = Place() + ": expected " + std::string(DTypeName(options_.dtype)) +
                               " in column " + std::to_string(column) + ", found '" +
                               std::string(field.substr(0, 40)) + "'";
  if (error == std::errc::result_out_of_range)
    return {StatusCode::kOutOfRange, expected + ", which is out of range"};
  return {StatusCode::kDataLoss, expected};
}

Result<std::optional<Batch>> CsvSource::MakeBatch(int64_t rows) {
  if (batches_ == 0) first_rows_ = rows_;
  Batch batch{.data = {}, .index = batches_, .first_row = rows_read_, .pad = 0};
  if (options_.round_batch) {
    const int64_t first_count = static_cast<int64_t>(first_rows_.size() / row_bytes_);
    for (; rows + batch.pad < options_.batch_size; ++batch.pad)
      rows_.append(first_rows_, (batch.pad % first_count) * row_bytes_, row_bytes_);
  }
  std::vector<int64_t> dims = {rows + batch.pad};
  for (const int64_t dim : options_.row_shape.dims()) dims.push_back(dim);
  TENTER_ASSIGN_OR_RETURN(batch.data, Tensor::Allocate({options_.dtype, Shape(std::move(dims))}));
  std::memcpy(batch.data.mutable_raw(), rows_.data(), rows_.size());
  ++batches_;
  rows_read_ += rows;
  return std::optional<Batch>(std::move(batch));
}

}  // namespace tenter
