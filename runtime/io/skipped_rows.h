// SkippedRows: the rows that a source left out because they were bad, each with its reason.
//
// Path: source -> ThreadedIterator (with the batch that was being read) -> consumer.
//
// Thread safety: a plain value.
// Ownership and lifetime: owns its rows.
// Invariants: (1) of the first kDetailedMax rows every detail is kept, of those beyond them the
//   number alone, so that a file of bad rows costs no memory of its own size. (2) Append neither
//   allocates nor throws, so that it may be done under a lock.
// Errors: Add and copies throw std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <utility>

#include "runtime/base/status.h"

namespace tenter {

struct SkippedRow {
  int64_t line = 0;  // within the file, from 1
  Status reason = {};
};

class SkippedRows {
 public:
  static constexpr size_t kDetailedMax = 1000;

  // All of them.
  int64_t count() const { return count_; }
  // The first ones, in the order of the file.
  const std::list<SkippedRow>& rows() const { return rows_; }

  void Add(int64_t line, Status reason) {
    if (rows_.size() < kDetailedMax) rows_.push_back({line, std::move(reason)});
    ++count_;
  }

  // Appends the rows of `later`, which is empty afterwards.
  void Append(SkippedRows&& later) noexcept {
    count_ += std::exchange(later.count_, 0);
    while (rows_.size() < kDetailedMax && !later.rows_.empty())
      rows_.splice(rows_.end(), later.rows_, later.rows_.begin());
    later.rows_.clear();
  }

 private:
  std::list<SkippedRow> rows_;
  int64_t count_ = 0;
};

}  // namespace tenter
