// CheckBoard: where checks report what they examined, what they found, and when they had no power.
//
// Path: workload, watchdog, sanitizer hook -> CheckBoard -> findings.jsonl at once (a crash keeps
// them), summary.json at the end.
//
// LOCK ORDER: CheckBoard::mutex_, then whatever the sink locks. The sink writes a line and calls
//    nothing back. ThreadSanitizer sees neither: Examine stands on the path of every call, and a
//    finding must not excuse the races that come after it.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: one per run; borrows the sink.
// Invariants: (1) a check that was asked for is passed, failed or without power, never absent:
//   green needs an examination and no reason against it. (2) at most kKeptPerSignature findings
//   of one signature are written.
// Errors: what the sink cannot write is its own matter.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/checks/finding.h"
#include "runtime/base/atomic.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

enum class CheckState { kPassed, kFailed, kNoPower };

struct CheckResult {
  std::string name;
  CheckState state = CheckState::kNoPower;
  uint64_t examined = 0;
  std::string note;
};

class CheckBoard {
 public:
  static constexpr int kKeptPerSignature = 3;

  // `wanted`: the checks of this run; examinations of others are ignored, findings of others are
  // kept.
  CheckBoard(std::vector<std::string> wanted, std::function<void(const Finding&)> sink);

  bool Wants(const CheckType& check) const;
  void Examine(const CheckType& check, uint64_t count = 1);
  void Report(Finding finding) EXCLUDES(mutex_);
  // `check` could not have found anything here, because `why`.
  void NoPower(const CheckType& check, const std::string& why) EXCLUDES(mutex_);
  // Sets a number of the exposure table, for example ("inferences", 2000).
  void Expose(const std::string& name, int64_t value) EXCLUDES(mutex_);
  // Sets a text beside it, for example ("input shapes", "1x3x48x192").
  void Tell(const std::string& name, std::string text) EXCLUDES(mutex_);

  std::vector<CheckResult> results() const EXCLUDES(mutex_);
  std::map<std::string, int64_t> exposure() const EXCLUDES(mutex_);
  std::map<std::string, std::string> facts() const EXCLUDES(mutex_);
  uint64_t findings() const EXCLUDES(mutex_);

 private:
  struct Entry {
    uint64_t failed = 0;
    std::string no_power;
  };
  const std::vector<std::string> wanted_;
  const std::function<void(const Finding&)> sink_;
  std::array<Atomic<uint64_t>, kChecks.size()> examined_;  // counts, beside kChecks
  mutable UnseenMutex mutex_;
  std::array<Entry, kChecks.size()> entries_ GUARDED_BY(mutex_);  // beside kChecks
  std::map<std::string, int> per_signature_ GUARDED_BY(mutex_);
  std::map<std::string, int64_t> exposure_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> facts_ GUARDED_BY(mutex_);
  uint64_t findings_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tenter
