// Child and RunInChild: work in a process of its own, so that a hang, a crash or a sanitizer report
// is a finding and not the end of the campaign.
//
// Path: parent forks -> child works with fresh threads -> finding through a pipe -> parent.
//
// Thread safety: only the thread that calls Fork exists in the child. The parent of RunInChild must
//   have no other, since nobody prepares for that fork. PrepareThreadStacks was called before.
// Ownership and lifetime: the child is gone when RunInChild or Collect returns.
// Invariants: the parent always gets an answer, at the latest after the time limit.
// Errors: a child that cannot be made is a programmer error (CHECK).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "fuzz/process/finding.h"

namespace tenter::fuzz {

// What the child says with. Both end the child's process.
class Reporter {
 public:
  explicit Reporter(int pipe) : pipe_(pipe) {}
  [[noreturn]] void Found(const Finding& finding) const;
  [[noreturn]] void Clean() const;

 private:
  int pipe_;
};

// A process that was forked and has not been waited for.
class Child {
 public:
  // In the child: what it says with. In the parent nothing, and *child.
  static std::optional<Reporter> Fork(Child* child);

  // As RunInChild; a child that has not ended after so long is asked for the stacks of its threads
  // and killed. REQUIRES: called once.
  std::optional<Finding> Collect(int64_t limit_ns);

 private:
  int process_ = 0, answers_ = 0, said_ = 0;
};

// Nothing when the child ended clean. Crashes, silence and sanitizers become findings too; the
// beginning of what the child printed is part of their detail.
std::optional<Finding> RunInChild(const std::function<void(const Reporter&)>& work,
                                  int64_t limit_ns);

}  // namespace tenter::fuzz
