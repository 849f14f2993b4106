// TargetSubject: what is fuzzed through the interface of harness/target/, and so in any runtime.
//
// A program of such a subject has "noise N" in its first line, the seed of the delays at the sites
// of the target.
//
// Thread safety, invariants: as Subject. Ownership and lifetime: outlives its rigs.
#pragma once

#include "fuzz/frame/subject.h"
#include "harness/target/target.h"

namespace tenter::fuzz {

class TargetSubject : public Subject {
 public:
  std::string SetOption(const std::string& option, const std::string& value) final;
  std::string_view help() const final { return " --target LIBRARY.so"; }
  Status Prepare() final;
  std::unique_ptr<Rig> MakeRig(Watchdog* watchdog, int64_t patience_ns) const final;
  std::vector<std::string> Variants(const std::string& program) const final;

 protected:
  // `group`: of the functions that it calls, TGT_MODEL for example; `what`: for a person, "models".
  TargetSubject(uint32_t group, std::string what) : group_(group), what_(std::move(what)) {}

  // Runs a program once on a target and judges it, as Rig::Run.
  virtual std::optional<Finding> RunOnce(const std::string& program, const tgt_target& table,
                                         uint64_t round, Watchdog* watchdog) const = 0;

 private:
  Result<const tgt_target*> Load() const;

  const uint32_t group_;
  const std::string what_;
  std::string target_;
};

}  // namespace tenter::fuzz
