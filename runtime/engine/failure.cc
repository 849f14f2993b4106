#include "runtime/engine/failure.h"

#include <algorithm>
#include <utility>

namespace tenter {
namespace {

std::string DescribeAll(const std::vector<FailurePtr>& failures) {
  std::string text =
      std::to_string(failures.size()) + (failures.size() == 1 ? " op failed:" : " ops failed:");
  for (const FailurePtr& failure : failures) text += "\n  " + failure->ToString();
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

void Failure::AddToChain(std::string_view op, uint64_t push_number) const {
  MutexLock lock(mutex_);
  ++chain_length_;
  if (chain_.size() < kChainKept) chain_.push_back({std::string(op), push_number});
}

std::string Failure::ToString() const {
  return "op '" + op_ + "' (push " + std::to_string(push_number_) + ") failed in its " +
         std::string(FailurePlaceName(place_)) + " on thread " + thread_ + ": " +
         thrown_.TypeName() + ": " + thrown_.Message();
}

bool ReportedBefore(const FailurePtr& a, const FailurePtr& b) {
  return std::pair(a->push_number(), a->place()) < std::pair(b->push_number(), b->place());
}

Poison::Poison(std::vector<FailurePtr> failures) : failures_(std::move(failures)) {
  TENTER_CHECK(!failures_.empty(), "a poison needs a failure");
  std::sort(failures_.begin(), failures_.end(), ReportedBefore);
  failures_.erase(std::unique(failures_.begin(), failures_.end()), failures_.end());
}

PoisonPtr CombinePoison(std::span<const PoisonPtr> inputs, const FailurePtr& own) {
  // One poisoned input and no failure of its own is the common case: the outputs share its poison.
  if (own == nullptr && inputs.size() == 1) return inputs[0];
  std::vector<FailurePtr> failures;
  for (const PoisonPtr& input : inputs)
    if (input != nullptr) failures.insert(failures.end(), input->all().begin(), input->all().end());
  if (own != nullptr) failures.push_back(own);
  if (failures.empty()) return nullptr;
  return std::make_shared<const Poison>(std::move(failures));
}

PoisonPtr PoisonLeftBy(std::string_view op, uint64_t push_number, std::span<const PoisonPtr> inputs,
                       const FailurePtr& own) {
  if (inputs.empty()) return CombinePoison({}, own);
  const PoisonPtr carried = CombinePoison(inputs, nullptr);
  for (const FailurePtr& failure : carried->all()) failure->AddToChain(op, push_number);
  return CombinePoison({&carried, 1}, own);
}

AggregateError::AggregateError(std::vector<FailurePtr> failures)
    : std::runtime_error(DescribeAll(failures)), failures_(std::move(failures)) {}

}  // namespace tenter
