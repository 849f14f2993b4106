// TargetSubject: what is fuzzed through the interface of harness/target/, and so in any runtime.
//
// A program of such a subject ends its first line with "noise N", the seed of the delays at the
// sites of the target.
//
// Thread safety, ownership, invariants: as Subject.
#pragma once

#include "fuzz/frame/subject.h"
#include "harness/target/target.h"

namespace tenter::fuzz {

class TargetSubject : public Subject {
 public:
  std::string SetOption(const std::string& option, const std::string& value) final;
  std::string_view help() const final { return " --target LIBRARY.so"; }
  Status Prepare() final;
  std::vector<std::string> Variants(const std::string& program) const final;

 protected:
  // `group`: of the functions that it calls, TGT_MODEL for example; `what`: for a person, "models".
  TargetSubject(uint32_t group, std::string what) : group_(group), what_(std::move(what)) {}

  // Of the library, which is loaded into this process. REQUIRES: Prepare was ok.
  const tgt_target& Table() const;

 private:
  Result<const tgt_target*> Load() const;

  const uint32_t group_;
  const std::string what_;
  std::string target_;
};

}  // namespace tenter::fuzz
