#include "runtime/engine/failure/failure.h"

#include <algorithm>
#include <new>
#include <utility>

namespace tenter {
namespace {

std::string DescribeAll(const FailureReport& report) {
  const uint64_t count = report.failures.size() + report.more;
  std::string text = std::to_string(count) + (count == 1 ? " op failed:" : " ops failed:");
  for (const FailurePtr& failure : report.failures) text += "\n  " + failure->ToString();
  if (report.more > 0) text += "\n  and " + std::to_string(report.more) + " more";
  return text;
}

}  // namespace

std::string_view FailurePlaceName(FailurePlace place) {
  switch (place) {
    case FailurePlace::kBody:
      return "body";
    case FailurePlace::kCompletion:
      return "completion";
    case FailurePlace::kDropped:
      return "completion dropped";
    case FailurePlace::kAfterEnd:
      return "body after completion";
    case FailurePlace::kDeleter:
      return "deleter";
    case FailurePlace::kDeadline:
      return "deadline";
    case FailurePlace::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

Failure::Failure(std::string_view op, uint64_t push_number, FailurePlace place, std::string thread,
                 Thrown thrown)
    : op_(op),
      push_number_(push_number),
      place_(place),
      thread_(std::move(thread)),
      thrown_(std::move(thrown)) {}

std::vector<PoisonedOp> Failure::Chain() const {
  MutexLock lock(mutex_);
  std::vector<PoisonedOp> chain = chain_;
  std::sort(chain.begin(), chain.end(),
            [](const auto& a, const auto& b) { return a.push_number < b.push_number; });
  return chain;
}

uint64_t Failure::chain_length() const {
  MutexLock lock(mutex_);
  return chain_length_;
}

void Failure::AddToChain(std::string_view op, uint64_t push_number) const noexcept {
  MutexLock lock(mutex_);
  ++chain_length_;
  try {
    if (chain_.size() < kChainKept) chain_.push_back({std::string(op), push_number});
  } catch (const std::bad_alloc&) {
    // chain_length() tells that one is missing.
  }
}

std::string Failure::ToString() const {
  return "op '" + op_ + "' (push " + std::to_string(push_number_) + ") failed in its " +
         std::string(FailurePlaceName(place_)) + " on thread " + thread_ + ": " +
         thrown_.TypeName() + ": " + thrown_.Message();
}

bool ReportedBefore(const FailurePtr& a, const FailurePtr& b) {
  return std::pair(a->push_number(), a->place()) < std::pair(b->push_number(), b->place());
}

void PoisonMerge::Add(const PoisonPtr& input) {
  if (input == nullptr || input == only_) return;
  const bool first = empty();
  for (const FailurePtr& failure : input->all()) Add(failure);
  more_ |= input->more();
  only_ = first ? input : nullptr;
}

void PoisonMerge::Add(const FailurePtr& own) {
  only_ = nullptr;
  size_t place = count_;
  while (place > 0 && ReportedBefore(own, failures_[place - 1])) --place;
  if (place > 0 && failures_[place - 1] == own) return;
  if (count_ == failures_.size()) {
    more_ = true;
    if (place == count_) return;
  } else {
    ++count_;
  }
  for (size_t i = count_ - 1; i > place; --i) failures_[i] = std::move(failures_[i - 1]);
  failures_[place] = own;
}

PoisonPtr PoisonMerge::Take() const {
  if (only_ != nullptr || empty()) return only_;
  const std::span<const FailurePtr> kept = failures();
  return std::make_shared<const Poison>(std::vector(kept.begin(), kept.end()), more_);
}

AggregateError::AggregateError(FailureReport report)
    : std::runtime_error(DescribeAll(report)), report_(std::move(report)) {}

}  // namespace tenter
