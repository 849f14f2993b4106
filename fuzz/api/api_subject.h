// ApiSubject: random lives of handles of the C API, wrong ones included: every call is answered
// with the code that it must have, and nothing is left behind.
//
// Thread safety, ownership, invariants: as Subject.
#pragma once

#include "fuzz/frame/subject.h"

namespace tenter::fuzz::api {

class ApiSubject final : public Subject {
 public:
  std::string_view name() const override { return "api"; }
  std::span<const Property> properties() const override;
  std::span<const std::string_view> counted() const override;
  std::string Draw(const Property& property, const DrawOptions& options,
                   uint64_t seed) const override;
  Status Check(const std::string& program) const override;
  int Size(const std::string& program) const override;
  void Count(const std::string& program,
             const std::function<void(size_t, uint64_t)>& add) const override;
  std::unique_ptr<Rig> MakeRig(Watchdog* watchdog, int64_t patience_ns) const override;
  std::string Suspect(const std::string& program, const Finding& seen) const override;
  std::vector<std::string> Variants(const std::string& program) const override;
  std::string Shrink(const std::string& program, const Fails& fails, const Fails& comes_back,
                     int64_t deadline_ns) const override;
};

}  // namespace tenter::fuzz::api
