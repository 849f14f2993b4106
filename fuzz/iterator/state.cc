#include "fuzz/iterator/state.h"

#include <algorithm>
#include <cstring>

#include "fuzz/iterator/number.h"

namespace tenter::fuzz::iterator {
namespace {

template <typename Value>
bool HoldsRow(const char* bytes, const Program& p, int64_t line) {
  for (int64_t column = 0; column < p.columns; ++column) {
    const char* const at = bytes + column * static_cast<int64_t>(sizeof(Value));
    if (const auto text = TextAt(p, line, column); text.has_value()) {
      if (!IsElement(p.dtype, at, *text)) return false;
      continue;
    }
    Value found;
    std::memcpy(&found, at, sizeof(Value));
    if (found != static_cast<Value>(NumberAt(p, line, column))) return false;
  }
  return true;
}

bool HoldsRow(const std::string& all, size_t row, const Program& p, int64_t line) {
  const char* const bytes = all.data() + row * static_cast<size_t>(p.columns) * Width(p.dtype);
  switch (p.dtype) {
    case TGT_FLOAT32:
      return HoldsRow<float>(bytes, p, line);
    case TGT_FLOAT64:
      return HoldsRow<double>(bytes, p, line);
    case TGT_INT32:
      return HoldsRow<int32_t>(bytes, p, line);
    case TGT_INT64:
      return HoldsRow<int64_t>(bytes, p, line);
    default:
      return HoldsRow<uint8_t>(bytes, p, line);
  }
}

bool Says(const tgt_error& error, const std::string& text) {
  return std::strstr(error.message, text.c_str()) != nullptr;
}

// The number behind `path` in the message is the line.
bool NamesLine(const tgt_error& error, const std::string& path, int64_t line) {
  const char* at = std::strstr(error.message, path.c_str());
  if (at == nullptr) return false;
  at = std::strpbrk(at + path.size(), "0123456789");
  return at != nullptr && std::strtoll(at, nullptr, 10) == line;
}

std::string Told(const Answer& answer) {
  if (answer.code != TGT_OK)
    return "an error: code " + std::to_string(answer.code) + ", '" + answer.error.message + "'";
  if (!answer.has_batch) return "the end";
  return "batch " + std::to_string(answer.index) + " with " +
         std::to_string(answer.dims.empty() ? 0 : answer.dims[0]) + " rows from row " +
         std::to_string(answer.first_row) + ", pad " + std::to_string(answer.pad);
}

std::optional<State> Break(Broken* broken, const char* contract, const char* kind,
                           std::string detail) {
  *broken = {contract, kind, std::move(detail)};
  return std::nullopt;
}

// What is wrong with a batch that is to be `wanted`, or nothing.
std::string WrongIn(const Answer& answer, const ExpectedBatch& wanted, const Program& p) {
  const std::vector<int64_t> dims = {static_cast<int64_t>(wanted.lines.size()), p.columns};
  if (answer.dtype != p.dtype) return "its type is another one";
  if (answer.dims != dims) return "its shape is another one";
  if (answer.first_row != wanted.first_row || answer.pad != wanted.pad)
    return "first row and pad should be " + std::to_string(wanted.first_row) + " and " +
           std::to_string(wanted.pad);
  if (answer.bytes.size() != wanted.lines.size() * static_cast<size_t>(p.columns) * Width(p.dtype))
    return "its size in bytes is another one";
  for (size_t row = 0; row < wanted.lines.size(); ++row)
    if (!HoldsRow(answer.bytes, row, p, wanted.lines[row]))
      return "its row " + std::to_string(row) + " is not line " + std::to_string(wanted.lines[row]);
  return "";
}

// Whether the first row of the batch is one that comes later in the file: it was read ahead into
// the memory of this batch, or the batches are out of order.
bool IsLater(const Answer& answer, const ExpectedBatch& wanted, const Program& p) {
  const size_t row = static_cast<size_t>(p.columns) * Width(p.dtype);
  if (wanted.lines.empty() || answer.bytes.size() < row) return false;
  if (HoldsRow(answer.bytes, 0, p, wanted.lines[0])) return false;
  for (int64_t line = wanted.lines.back() + 1; line <= static_cast<int64_t>(p.rows.size()); ++line)
    if (HoldsRow(answer.bytes, 0, p, line)) return true;
  return false;
}

}  // namespace

const char* State::OfError() const { return resets > 0 ? "ITR-3" : "ITR-2"; }

bool State::Strikes(const Fault& fault) const {
  switch (fault.place) {
    case Place::kOpen:
      return next == 0;
    case Place::kReset:
      return next == 0 && resets > 0;
    case Place::kNext:
      return static_cast<int64_t>(next) == fault.batch;
  }
  return false;
}

bool State::MustStrike() const {
  return std::any_of(program->faults.begin(), program->faults.end(),
                     [this](const Fault& fault) { return !fault.once && Strikes(fault); });
}

// The state when one of the faults explains this answer.
std::optional<State> State::Struck(const Answer& answer) const {
  for (size_t i = 0; i < program->faults.size(); ++i) {
    const Fault& fault = program->faults[i];
    const bool used_up = fault.once && (used >> i & 1) != 0;
    if (answer.code == TGT_OK || used_up || !Strikes(fault)) continue;
    if (fault.action == Action::kBadAlloc ? answer.code != TGT_RESOURCE_EXHAUSTED
                                          : !Says(answer.error, FaultText(i)))
      continue;
    State behind = *this;
    behind.ended = true;
    behind.struck = static_cast<int64_t>(i);
    if (fault.once) behind.used |= uint64_t{1} << i;
    return behind;
  }
  return std::nullopt;
}

std::optional<State> State::BehindNext(const Answer& answer, Broken* broken) const {
  if (ended && struck >= 0) {
    const Fault& fault = program->faults[static_cast<size_t>(struck)];
    const bool same = fault.action == Action::kBadAlloc
                          ? answer.code == TGT_RESOURCE_EXHAUSTED
                          : Says(answer.error, FaultText(static_cast<size_t>(struck)));
    if (answer.code != TGT_OK && same) return *this;
    return Break(broken, "ITR-3", "not the same error again",
                 "behind the error of the epoch came " + Told(answer));
  }
  if (!ended) {
    if (std::optional<State> behind = Struck(answer); behind.has_value()) return behind;
    if (MustStrike())
      return Break(broken, OfError(), "lost error",
                   "a fault struck where batch " + std::to_string(next) + " is, and there came " +
                       Told(answer));
  }
  if (next < epoch->batches.size()) {
    const ExpectedBatch& wanted = epoch->batches[next];
    if (answer.code != TGT_OK)
      return Break(broken, OfError(), "error before its place",
                   "batch " + std::to_string(next) + " was due, and there came " + Told(answer));
    // Where a reset was, what it did not do comes first.
    const char* const order = next == 0 && resets > 0 ? "ITR-4" : "ITR-1";
    if (!answer.has_batch)
      return Break(broken, order, "rows lost",
                   "batch " + std::to_string(next) + " was due, and there came the end");
    if (answer.index != static_cast<int64_t>(next))
      return Break(broken, order, "batch out of order",
                   "batch " + std::to_string(next) + " was due, and there came " + Told(answer));
    if (const std::string wrong = WrongIn(answer, wanted, *program); !wrong.empty())
      return Break(broken, IsLater(answer, wanted, *program) ? "ITR-6 or ITR-1" : "ITR-1",
                   "wrong batch", Told(answer) + ": " + wrong);
    State behind = *this;
    ++behind.next;
    return behind;
  }
  State behind = *this;
  behind.ended = true;
  if (!epoch->fails || (epoch->may_end && answer.code == TGT_OK)) {
    if (answer.code == TGT_OK && !answer.has_batch) return behind;
    return Break(broken, answer.code == TGT_OK ? "ITR-1" : OfError(),
                 answer.code == TGT_OK ? "too many batches" : "error without a cause",
                 "the end was due, and there came " + Told(answer));
  }
  if (answer.code == TGT_OK)
    return Break(broken, OfError(), "lost error",
                 "an error about " +
                     (epoch->error_line < 0 ? std::string("the file")
                                            : "line " + std::to_string(epoch->error_line)) +
                     " was due, and there came " + Told(answer));
  const bool named = epoch->error_line < 0 ? Says(answer.error, *path)
                                           : NamesLine(answer.error, *path, epoch->error_line);
  if (named && answer.code != TGT_CLOSED && answer.code != TGT_RESOURCE_EXHAUSTED) return behind;
  return Break(broken, OfError(), "error is not exact",
               "an error naming " + *path +
                   (epoch->error_line < 0 ? "" : ":" + std::to_string(epoch->error_line)) +
                   " was due, and there came " + Told(answer));
}

std::optional<State> State::BehindSkipped(const Answer& answer, Broken* broken) const {
  const auto all = static_cast<int64_t>(epoch->bad_lines.size());
  int64_t least = 0, most = 0;
  if (next > 0) {
    least = epoch->batches[next - 1].skipped;
    most = epoch->batches[next - 1].skipped_behind;
  }
  if (ended && struck < 0) least = most = all;
  const auto told = static_cast<int64_t>(answer.skipped);
  const std::vector<int64_t>& lines = answer.skipped_lines;
  const auto written = std::min(told, static_cast<int64_t>(answer.room));
  if (answer.beyond_room)
    return Break(broken, OfError(), "more skipped rows than there is room for",
                 "there was room for " + std::to_string(answer.room) +
                     " of them, and what lies behind it was written");
  if (told < least || told > most ||
      !std::equal(lines.begin(), lines.end(), epoch->bad_lines.begin(),
                  epoch->bad_lines.begin() + std::min(written, all)))
    return Break(broken, OfError(), "skipped rows are not told right",
                 std::to_string(told) + " skipped rows were told with room for " +
                     std::to_string(answer.room) + ", expected are " + std::to_string(least) +
                     " to " + std::to_string(most) + " of those in the file, in their order");
  for (size_t i = 0; i < lines.size(); ++i) {
    tgt_error reason = {};
    std::strncpy(reason.message, answer.skipped_reasons[i].c_str(), sizeof(reason.message) - 1);
    if (!NamesLine(reason, *path, lines[i]))
      return Break(broken, OfError(), "the reason of a skipped row is not exact",
                   "line " + std::to_string(lines[i]) + " was skipped because '" +
                       answer.skipped_reasons[i] + "'");
  }
  return *this;
}

std::optional<State> State::Behind(const Answer& answer, Broken* broken) const {
  if (answer.verb == Verb::kClose) {
    if (answer.code != TGT_OK)
      return Break(broken, "ITR-5", "close refused", "Close answered " + Told(answer));
    State behind = *this;
    behind.closed = true;
    return behind;
  }
  if (closed && answer.verb != Verb::kSkipped) {
    if (answer.code == TGT_CLOSED) return *this;
    return Break(
        broken, "ITR-5", "closed iterator in use",
        std::string(VerbName(answer.verb)) + " after Close was answered with " + Told(answer));
  }
  if (answer.verb == Verb::kReset) {
    if (answer.code != TGT_OK)
      return Break(broken, "ITR-3", "reset refused", "Reset answered " + Told(answer));
    State behind = *this;
    behind.next = 0;
    ++behind.resets;
    behind.ended = false;
    behind.struck = -1;
    return behind;
  }
  if (answer.verb == Verb::kSkipped) {
    if (answer.code == TGT_OK) return BehindSkipped(answer, broken);
    if (closed && answer.code == TGT_CLOSED) return *this;
    return Break(broken, OfError(), "skipped rows refused", "answered " + Told(answer));
  }
  return BehindNext(answer, broken);
}

}  // namespace tenter::fuzz::iterator
