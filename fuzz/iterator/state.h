// State: a sequential iterator, which takes one answer after the other and says which is wrong.
//
// Path: Judge tries an order of the calls -> State::Behind for each.
//
// A fault that strikes once may strike while a batch is made that a reset throws away. So more than
// one answer can be right, and State takes the one that was seen.
//
// Thread safety: a value; copied to try another order.
// Ownership and lifetime: borrows program, epoch and path.
#pragma once

#include <optional>
#include <string>

#include "fuzz/iterator/expected.h"
#include "fuzz/iterator/history.h"

namespace tenter::fuzz::iterator {

struct State {
  const Program* program;
  const Epoch* epoch;
  const std::string* path;  // that errors name
  size_t next = 0;          // batch
  int64_t resets = 0;
  bool closed = false;
  bool ended = false;   // the end or the error of this epoch was answered
  int64_t struck = -1;  // the fault that ended it, or -1
  uint64_t used = 0;    // faults that strike once, and have

  // The state behind an answer that is right; nothing, and why, when it is not.
  std::optional<State> Behind(const Answer& answer, Broken* broken) const;

 private:
  std::optional<State> BehindNext(const Answer& answer, Broken* broken) const;
  std::optional<State> BehindSkipped(const Answer& answer, Broken* broken) const;
  std::optional<State> Struck(const Answer& answer) const;
  bool MustStrike() const;
  // The contract of a wrong error: in the first epoch its place, and behind a reset that the epoch
  // is no clean one.
  const char* OfError() const;
  bool Strikes(const Fault& fault) const;
};

}  // namespace tenter::fuzz::iterator
