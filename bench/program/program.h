// Program: ops with declared reads and writes over numbered variables, the same for every
// contender.
//
// Thread safety: immutable once built.
// Ownership and lifetime: a value; the spans that it hands out live as long as it does.
// Invariants: the variables of one op are distinct (some peers hang on duplicates), and every
//   number is below variables().
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace tenter::bench {

class Program {
 public:
  explicit Program(uint32_t variables) : variables_(variables) {}

  // Appends an op. REQUIRES: the variables are distinct.
  void Add(std::span<const uint32_t> reads, std::span<const uint32_t> writes);

  size_t size() const { return ends_.size() - 1; }
  uint32_t variables() const { return variables_; }
  std::span<const uint32_t> reads(size_t op) const {
    return std::span(accesses_).subspan(ends_[op].second, middle(op) - ends_[op].second);
  }
  std::span<const uint32_t> writes(size_t op) const {
    return std::span(accesses_).subspan(middle(op), ends_[op + 1].second - middle(op));
  }

  // The same as positions in accesses(), for contenders that keep their handles in one array.
  size_t begin(size_t op) const { return ends_[op].second; }
  size_t middle(size_t op) const { return ends_[op + 1].first; }
  size_t end(size_t op) const { return ends_[op + 1].second; }
  std::span<const uint32_t> accesses() const { return accesses_; }

  // Whether any two ops conflict: without that a plain task pool may run the program.
  bool HasDependencies() const;

  // (from, to): `to` must run after `from`. Follows from the declared accesses as in ENG-1, without
  // edges that others imply through a write of the same variable; each pair once.
  std::vector<std::pair<uint32_t, uint32_t>> Edges() const;

 private:
  uint32_t variables_;
  std::vector<uint32_t> accesses_;                              // reads, then writes, op by op
  std::vector<std::pair<uint32_t, uint32_t>> ends_ = {{0, 0}};  // of reads, of writes
};

}  // namespace tenter::bench
