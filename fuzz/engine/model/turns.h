// Turns: which of the ops that are ready together one worker has to start next (ENG-10).
//
// The oracle of an exact order. It is written from what runtime/engine/ready/ready_queue.h and
// ready_ops.h promise, and shares nothing with their code: it looks through all ops each time.
//
// Path: JudgePriorities, where every op was ready before the first started -> Start for each op, in
// the order in which they started.
//
// Thread safety: belongs to one judge.
// Ownership and lifetime: values.
// Invariants: of two ops with one priority the one that was pushed first is the older one; ops
//   without priority may start in any order among themselves.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace tenter::fuzz {

class Turns {
 public:
  // A start that was not the next one.
  struct Wrong {
    size_t instead;  // the op that had to start, or one of them
    bool starves;    // it was its turn, although something more urgent was ready
  };

  // The priorities of the ops, in the order of their pushes. All are ready.
  explicit Turns(std::vector<int> priorities)
      : priorities_(std::move(priorities)), started_(priorities_.size()) {}

  std::optional<Wrong> Start(size_t op);

 private:
  enum class Kind { kHigh, kWithout, kLow };
  static Kind KindOf(int priority) {
    return priority > 0 ? Kind::kHigh : priority == 0 ? Kind::kWithout : Kind::kLow;
  }
  struct Next {
    size_t op;
    bool is_turn;
  };
  Next FindNext() const;
  void Count(size_t op);

  // The first op of these that has not started.
  template <typename Is>
  std::optional<size_t> First(Is is) const {
    for (size_t op = 0; op < priorities_.size(); ++op)
      if (!started_[op] && is(priorities_[op])) return op;
    return std::nullopt;
  }
  std::optional<size_t> Oldest() const {
    return First([](int priority) { return priority != 0; });
  }
  std::optional<size_t> WithoutPriority() const {
    return First([](int priority) { return priority == 0; });
  }
  // Of those with a priority.
  std::optional<size_t> MostUrgent() const;

  const std::vector<int> priorities_;
  std::vector<bool> started_;
  // Starts since the last turn: of ops without priority, when a high one was ready; of the oldest
  // one, when the most urgent one was a low one.
  int high_starts_ = 0, low_starts_ = 0;
  int overtaken_ = 0;  // the oldest op with a priority, since it was that
};

}  // namespace tenter::fuzz
