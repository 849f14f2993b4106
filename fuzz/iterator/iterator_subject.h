// IteratorSubject: random files, options, faults and calls on the iterator of a target, compared
// with a sequential one.
//
// Thread safety, ownership, invariants: as TargetSubject.
#pragma once

#include "fuzz/target/target_subject.h"

namespace tenter::fuzz::iterator {

class IteratorSubject final : public TargetSubject {
 public:
  IteratorSubject() : TargetSubject(TGT_ITERATOR, "iterators") {}

  std::string_view name() const override { return "iterator"; }
  std::span<const Property> properties() const override;
  std::span<const std::string_view> counted() const override;
  std::string Draw(const Property& property, const DrawOptions& options,
                   uint64_t seed) const override;
  Status Check(const std::string& program) const override;
  int Size(const std::string& program) const override;
  void Count(const std::string& program,
             const std::function<void(size_t, uint64_t)>& add) const override;
  std::string Suspect(const std::string& program, const Finding& seen) const override;
  std::string Shrink(const std::string& program, const Fails& fails, const Fails& comes_back,
                     int64_t deadline_ns) const override;

 private:
  std::optional<Finding> RunOnce(const std::string& program, const tgt_target& table,
                                 uint64_t round, Watchdog* watchdog) const override;
};

}  // namespace tenter::fuzz::iterator
