#include "harness/checks/check_board.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/rng.h"

namespace tenter {
namespace {

// Where a check stands in kChecks.
size_t IndexOf(const CheckType& check) {
  const auto* const* const place =
      std::find_if(kChecks.begin(), kChecks.end(),
                   [&](const CheckType* known) { return known->name == check.name; });
  TENTER_CHECK(place != kChecks.end(), std::string(check.name) + ": not in the list of checks");
  return static_cast<size_t>(place - kChecks.begin());
}

// Whether each of `contracts` is one of those of `check`; there may be none. Without a stream: its
// locale is counted by all threads, and that would order them for ThreadSanitizer.
bool HoldsTo(const CheckType& check, std::string_view contracts) {
  const std::string all = " " + std::string(check.contracts) + " ";
  while (!contracts.empty()) {
    const std::string one(contracts.substr(0, contracts.find(' ')));
    if (all.find(" " + one + " ") == std::string::npos) return false;
    contracts.remove_prefix(std::min(contracts.size(), one.size() + 1));
  }
  return true;
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
  examined_[IndexOf(check)].FetchAdd(count, kRelaxed);
}

void CheckBoard::Report(Finding finding) {
  TENTER_CHECK(HoldsTo(*finding.check, finding.contract), finding.what + ": not of its check");
  UnseenLock lock(mutex_);
  ++findings_;
  ++entries_[IndexOf(*finding.check)].failed;
  if (++per_signature_[finding.signature()] <= kKeptPerSignature) sink_(finding);
}

void CheckBoard::NoPower(const CheckType& check, const std::string& why) {
  UnseenLock lock(mutex_);
  std::string& reasons = entries_[IndexOf(check)].no_power;
  if (reasons.find(why) == std::string::npos) reasons += (reasons.empty() ? "" : "; ") + why;
}

void CheckBoard::Expose(const std::string& name, int64_t value) {
  UnseenLock lock(mutex_);
  exposure_[name] = value;
}

void CheckBoard::Tell(const std::string& name, std::string text) {
  UnseenLock lock(mutex_);
  facts_[name] = std::move(text);
}

std::vector<CheckResult> CheckBoard::results() const {
  UnseenLock lock(mutex_);
  std::vector<CheckResult> results;
  for (size_t i = 0; i < kChecks.size(); ++i) {
    const CheckType* const check = kChecks[i];
    const Entry& entry = entries_[i];
    const uint64_t examined = examined_[i].Load(kRelaxed);
    if (!Wants(*check) && entry.failed == 0) continue;
    CheckResult result{std::string(check->name), CheckState::kPassed, examined, entry.no_power};
    if (entry.failed > 0) {
      result.state = CheckState::kFailed;
      result.note = std::to_string(entry.failed) + " findings";
    } else if (!entry.no_power.empty() || examined == 0) {
      result.state = CheckState::kNoPower;
      if (result.note.empty()) result.note = "nothing was examined";
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::map<std::string, int64_t> CheckBoard::exposure() const {
  UnseenLock lock(mutex_);
  return exposure_;
}

std::map<std::string, std::string> CheckBoard::facts() const {
  UnseenLock lock(mutex_);
  return facts_;
}

uint64_t CheckBoard::findings() const {
  UnseenLock lock(mutex_);
  return findings_;
}

}  // namespace tenter
