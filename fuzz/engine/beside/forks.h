// Forks: the processes that a case forks, and what they find.
//
// The child goes on with the case where its parent was, on its copy of the engine, and is judged
// like its parent; both must see what the contracts promise.
//
// Path: Execution (fork) -> both run to the end -> Judge -> Tell in the child, Await in the parent.
//
// Thread safety: one thread, that of the only pusher.
// Ownership and lifetime: a child is gone when Await returns, or when its parent dies.
// Invariants: a child forks no further.
// Errors: as Child.
#pragma once

#include <optional>
#include <vector>

#include "fuzz/process/child.h"

namespace tenter::fuzz {

class Forks {
 public:
  // Does nothing in a child, nor where the sanitizer does not follow a child's threads.
  void Fork();

  bool in_child() const { return reporter_.has_value(); }

  // Ends the child's process, with what it found. REQUIRES: in_child().
  [[noreturn]] void Tell(const std::optional<Finding>& finding) const;

  // Blocks until all children have ended, each `limit_ns` at most; the first finding of theirs.
  std::optional<Finding> Await(int64_t limit_ns);

 private:
  std::optional<Reporter> reporter_;
  std::vector<Child> children_;
};

}  // namespace tenter::fuzz
