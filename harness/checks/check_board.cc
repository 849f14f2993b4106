#include "harness/checks/check_board.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/rng.h"

namespace tenter {
namespace {

// Whether `contract` is one of those of `check`, or none.
bool HoldsTo(const CheckType& check, std::string_view contract) {
  const std::string all = " " + std::string(check.contracts) + " ";
  return contract.empty() || all.find(" " + std::string(contract) + " ") != std::string::npos;
}

}  // namespace

std::string Finding::signature() const {
  char text[17];
  std::snprintf(text, sizeof(text), "%016" PRIx64,
                CombineHash(HashBytes(check->name), HashBytes(what)));
  return text;
}

CheckBoard::CheckBoard(std::vector<std::string> wanted, std::function<void(const Finding&)> sink)
    : wanted_(std::move(wanted)), sink_(std::move(sink)) {}

bool CheckBoard::Wants(const CheckType& check) const {
  return std::find(wanted_.begin(), wanted_.end(), check.name) != wanted_.end();
}

void CheckBoard::Examine(const CheckType& check, uint64_t count) {
  MutexLock lock(mutex_);
  entries_[std::string(check.name)].examined += count;
}

void CheckBoard::Report(Finding finding) {
  TENTER_CHECK(HoldsTo(*finding.check, finding.contract), finding.what + ": not of its check");
  MutexLock lock(mutex_);
  ++findings_;
  Entry& entry = entries_[std::string(finding.check->name)];
  ++entry.failed;
  if (++per_signature_[finding.signature()] <= kKeptPerSignature) sink_(finding);
}

void CheckBoard::NoPower(const CheckType& check, const std::string& why) {
  MutexLock lock(mutex_);
  std::string& reasons = entries_[std::string(check.name)].no_power;
  if (reasons.find(why) == std::string::npos) reasons += (reasons.empty() ? "" : "; ") + why;
}

void CheckBoard::Expose(const std::string& name, int64_t value) {
  MutexLock lock(mutex_);
  exposure_[name] = value;
}

void CheckBoard::Tell(const std::string& name, std::string text) {
  MutexLock lock(mutex_);
  facts_[name] = std::move(text);
}

std::vector<CheckResult> CheckBoard::results() const {
  MutexLock lock(mutex_);
  std::vector<CheckResult> results;
  for (const CheckType* check : kChecks) {
    const auto it = entries_.find(std::string(check->name));
    const Entry entry = it == entries_.end() ? Entry{} : it->second;
    if (!Wants(*check) && entry.failed == 0) continue;
    CheckResult result{std::string(check->name), CheckState::kPassed, entry.examined,
                       entry.no_power};
    if (entry.failed > 0) {
      result.state = CheckState::kFailed;
      result.note = std::to_string(entry.failed) + " findings";
    } else if (!entry.no_power.empty() || entry.examined == 0) {
      result.state = CheckState::kNoPower;
      if (result.note.empty()) result.note = "nothing was examined";
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::map<std::string, int64_t> CheckBoard::exposure() const {
  MutexLock lock(mutex_);
  return exposure_;
}

std::map<std::string, std::string> CheckBoard::facts() const {
  MutexLock lock(mutex_);
  return facts_;
}

uint64_t CheckBoard::findings() const {
  MutexLock lock(mutex_);
  return findings_;
}

}  // namespace tenter
