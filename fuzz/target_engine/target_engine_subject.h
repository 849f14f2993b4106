// TargetEngineSubject: random programs on the engine group of a target, compared with the model of
// fuzz/engine, under the rules that the target declares.
//
// Thread safety, ownership, invariants: as TargetSubject.
#pragma once

#include "fuzz/target/target_subject.h"

namespace tenter::fuzz::target_engine {

class TargetEngineSubject final : public TargetSubject {
 public:
  TargetEngineSubject() : TargetSubject(TGT_ENGINE, "engine") {}

  std::string_view name() const override { return "engine"; }  // as the driver asks for it
  std::span<const Property> properties() const override;
  std::span<const std::string_view> counted() const override;
  std::string Draw(const Property& property, const DrawOptions& options,
                   uint64_t seed) const override;
  Status Check(const std::string& program) const override;
  int Size(const std::string& program) const override;
  void Count(const std::string& program,
             const std::function<void(size_t, uint64_t)>& add) const override;
  std::string Suspect(const std::string& program, const Finding& seen) const override;
  std::string Diagnose(const std::string& smallest, const Finding& found) const override;
  std::string Shrink(const std::string& program, const Fails& fails, const Fails& comes_back,
                     int64_t deadline_ns) const override;

 private:
  std::optional<Finding> RunOnce(const std::string& program, const tgt_target& table,
                                 uint64_t round, Watchdog* watchdog) const override;
};

}  // namespace tenter::fuzz::target_engine
