#include "fuzz/iterator/expected.h"

#include <algorithm>
#include <utility>

namespace tenter::fuzz::iterator {
namespace {

void FillUp(const Program& p, const ExpectedBatch& first, ExpectedBatch* batch) {
  const size_t fresh = first.lines.size() - static_cast<size_t>(first.pad);
  for (; p.round && static_cast<int64_t>(batch->lines.size()) < p.batch; ++batch->pad)
    batch->lines.push_back(first.lines[static_cast<size_t>(batch->pad) % fresh]);
}

}  // namespace

Epoch Expect(const Program& p) {
  Epoch epoch;
  if (p.file != File::kRows) {
    epoch.fails = true;
    return epoch;
  }
  int64_t good = 0, bad = 0;
  ExpectedBatch batch;
  const auto finish = [&] {
    if (batch.lines.empty()) return;
    ExpectedBatch& done = epoch.batches.emplace_back(std::move(batch));
    FillUp(p, epoch.batches[0], &done);
    batch = {.lines = {}, .first_row = good};
  };
  for (size_t i = 0; i < p.rows.size(); ++i) {
    const auto line = static_cast<int64_t>(i) + 1;
    if (IsGood(p, p.rows[i])) {
      batch.lines.push_back(line);
      batch.skipped = bad;
      ++good;
      if (static_cast<int64_t>(batch.lines.size()) == p.batch) finish();
    } else if (IsBad(p, p.rows[i]) && bad++ == p.skip) {
      epoch.fails = true;
      epoch.error_line = line;
      break;
    } else if (IsBad(p, p.rows[i])) {
      epoch.bad_lines.push_back(line);
    }
  }
  if (!epoch.fails) finish();
  const auto skipped = static_cast<int64_t>(epoch.bad_lines.size());
  for (size_t i = 0; i < epoch.batches.size(); ++i) {
    // Those behind a batch, up to the next good row.
    const ExpectedBatch& done = epoch.batches[i];
    const int64_t last = done.lines[done.lines.size() - 1 - static_cast<size_t>(done.pad)];
    auto at = static_cast<size_t>(last);
    int64_t behind = done.skipped;
    for (; at < p.rows.size() && !IsGood(p, p.rows[at]); ++at) behind += IsBad(p, p.rows[at]);
    epoch.batches[i].skipped_behind = std::min(behind, skipped);
  }
  if (good == 0 && !epoch.fails) epoch.fails = epoch.may_end = true;
  return epoch;
}

}  // namespace tenter::fuzz::iterator
