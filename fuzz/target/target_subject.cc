#include "fuzz/target/target_subject.h"

#include "fuzz/process/child.h"
#include "harness/target/target_library.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr int64_t kLoadNs = 60 * kNsPerSecond;
constexpr std::string_view kNoise = " noise ";
constexpr int kNoises = 12;

// What cannot be opened at all is a mistake of whoever named it, and no finding.
Status Open(const tgt_target& table) {
  const tgt_host nobody = {nullptr, [](void*, const tgt_hit*, tgt_fault*) {}};
  return TargetInstance::Open(&table, nobody).status();
}

}  // namespace

std::string TargetSubject::SetOption(const std::string& option, const std::string& value) {
  if (option != "--target") return Subject::SetOption(option, value);
  target_ = value;
  return "";
}

Result<const tgt_target*> TargetSubject::Load() const {
  TENTER_ASSIGN_OR_RETURN(const TargetLibrary library, TargetLibrary::Load(target_));
  if ((library.table()->groups & group_) == 0)
    return Status(StatusCode::kUnsupported, target_ + " has no " + what_);
  return library.table();
}

// The library is loaded into this process, which is a child.
std::unique_ptr<Rig> TargetSubject::MakeRig(Watchdog* watchdog, int64_t /*patience_ns*/) const {
  class TargetRig final : public Rig {
   public:
    TargetRig(const TargetSubject& subject, const tgt_target& table, Watchdog* watchdog)
        : subject_(subject), table_(table), watchdog_(watchdog) {}
    std::optional<Finding> Run(const std::string& program, uint64_t round) override {
      return subject_.RunOnce(program, table_, round, watchdog_);
    }

   private:
    const TargetSubject& subject_;
    const tgt_target& table_;
    Watchdog* const watchdog_;
  };
  const auto table = Load();
  TENTER_CHECK(table.ok(), table.status().message());
  return std::make_unique<TargetRig>(*this, **table, watchdog);
}

// In a process of its own, since a library may start threads when it is loaded.
Status TargetSubject::Prepare() {
  if (target_.empty()) return {StatusCode::kInvalidArgument, "--target names no library"};
  const auto problem = RunInChild(
      [this](const Reporter& reporter) {
        const auto table = Load();
        const Status problem = table.ok() ? Open(**table) : table.status();
        if (!problem.ok()) reporter.Found({"", "refused", problem.message(), 0});
        reporter.Clean();
      },
      kLoadNs);
  if (!problem.has_value()) return {};
  return {StatusCode::kInvalidArgument, problem->kind + ": " + problem->detail};
}

std::vector<std::string> TargetSubject::Variants(const std::string& program) const {
  const size_t begin = program.find(kNoise), line = program.find('\n');
  TENTER_CHECK(begin < line && line != std::string::npos, "a first line without noise: " + program);
  const size_t end = program.find_first_of(" \n", begin + kNoise.size());
  std::vector<std::string> variants;
  for (int noise = 0; noise < kNoises; ++noise)
    variants.push_back(program.substr(0, begin + kNoise.size()) + std::to_string(noise) +
                       program.substr(end));
  return variants;
}

}  // namespace tenter::fuzz
