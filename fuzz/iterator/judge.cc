#include "fuzz/iterator/judge.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "fuzz/iterator/state.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz::iterator {
namespace {

// A machine that is busy may hold a thread up; the promise is 100 ms on one that is not.
constexpr int64_t kCloseNsMax = kNsPerSecond;

Finding Found(const Broken& broken) { return {broken.contract, broken.kind, broken.detail, 0}; }

class Order {
 public:
  explicit Order(const History& history) : history_(history), at_(history.consumers.size()) {}

  // Nothing when some order explains all; else what is wrong behind the longest that can be had.
  std::optional<Broken> Search(const State& state) {
    if (From(state, 0)) return std::nullopt;
    return broken_;
  }

 private:
  bool From(const State& state, size_t done) {
    uint64_t first_end = UINT64_MAX;
    bool all = true;
    for (size_t i = 0; i < at_.size(); ++i) {
      const auto& calls = history_.consumers[i];
      if (at_[i] == calls.size()) continue;
      all = false;
      first_end = std::min(first_end, calls[at_[i]].end);
    }
    if (all) return true;
    if (!seen_.insert({at_, Key(state)}).second) return false;
    for (size_t i = 0; i < at_.size(); ++i) {
      const auto& calls = history_.consumers[i];
      if (at_[i] == calls.size() || calls[at_[i]].begin > first_end) continue;
      Broken broken;
      const std::optional<State> behind = state.Behind(calls[at_[i]], &broken);
      if (!behind.has_value()) {
        Remember(calls[at_[i]], done, std::move(broken));
        continue;
      }
      ++at_[i];
      if (From(*behind, done + 1)) return true;
      --at_[i];
    }
    return false;
  }

  static std::tuple<size_t, int64_t, bool, bool, int64_t, uint64_t> Key(const State& state) {
    return {state.next, state.resets, state.closed, state.ended, state.struck, state.used};
  }

  void Remember(const Answer& answer, size_t done, Broken broken) {
    if (done < most_done_ || (done == most_done_ && broken_.kind[0] != '\0')) return;
    most_done_ = done;
    broken_ = std::move(broken);
    broken_.detail = "c" + std::to_string(answer.consumer) + ": " + VerbName(answer.verb) + ": " +
                     broken_.detail;
  }

  const History& history_;
  std::vector<size_t> at_;  // the next call of each consumer
  std::set<std::pair<std::vector<size_t>, decltype(Key(std::declval<State>()))>> seen_;
  size_t most_done_ = 0;
  Broken broken_;
};

std::optional<Broken> JudgeLife(const History& history) {
  if (history.create != TGT_OK)
    return Broken{"ITR-1", "the iterator is refused",
                  "csv_iterator_create answered " + std::string(history.create_error.message)};
  if (history.free != TGT_OK) return Broken{"ITR-5", "free refused", "free_handle failed"};
  if (history.after_free != TGT_STALE_HANDLE)
    return Broken{"ITR-5", "freed iterator in use",
                  "Next on a freed iterator answered code " + std::to_string(history.after_free)};
  if (history.threads_left > 0)
    return Broken{"ITR-5", "threads left",
                  std::to_string(history.threads_left) + " threads outlive the iterator"};
  if (history.descriptors_left > 0)
    return Broken{"ITR-5", "descriptors left",
                  std::to_string(history.descriptors_left) + " descriptors outlive the iterator"};
  return std::nullopt;
}

std::optional<Broken> JudgeBatches(const Program& program, const History& history) {
  bool resets = false;
  for (const Call& call : program.calls) resets |= call.verb == Verb::kReset;
  if (!resets && history.most_ahead >= program.prefetch)
    return Broken{"ITR-1", "too many batches made ahead",
                  std::to_string(history.most_ahead + 1) +
                      " batches were begun beyond those asked " + "for, and prefetch is " +
                      std::to_string(program.prefetch)};
  for (const auto& answers : history.consumers)
    for (const Answer& answer : answers) {
      if (answer.changed)
        return Broken{"ITR-6", "a returned batch changed",
                      "batch " + std::to_string(answer.index) + " was another one later"};
      if (answer.verb == Verb::kClose && answer.took_ns > kCloseNsMax)
        return Broken{"ITR-5", "close is slow",
                      "Close took " + std::to_string(answer.took_ns / kNsPerMs) + " ms"};
    }
  return std::nullopt;
}

}  // namespace

std::optional<Finding> Judge(const Program& program, const History& history) {
  if (const auto broken = JudgeLife(history); broken.has_value()) return Found(*broken);
  Program faulty = program;
  if (!history.has_sites) faulty.faults.clear();  // a target without sites cannot be struck
  const Epoch epoch = Expect(faulty);
  const State begin{.program = &faulty, .epoch = &epoch, .path = &history.path};
  if (const auto broken = Order(history).Search(begin); broken.has_value()) return Found(*broken);
  if (const auto broken = JudgeBatches(program, history); broken.has_value()) return Found(*broken);
  return std::nullopt;
}

}  // namespace tenter::fuzz::iterator
