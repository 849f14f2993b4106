// Trial: runs a program for several rounds, here or in a process of its own, and judges each.
//
// Thread safety: the parent must have one thread only (RunInChild).
// Ownership and lifetime: values.
// Invariants: RunCase is what campaign, shrinker and replay all run.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "fuzz/judge/finding.h"
#include "fuzz/process/child.h"
#include "fuzz/run/execute.h"

namespace tenter::fuzz {

// The most telling finding of one round, in this process or in a child that it forked. Does not
// return in such a child.
std::optional<Finding> RunCase(const Program& program, const Tools& tools, uint64_t round);

struct Limits {
  int64_t case_ns;  // a case that takes longer counts as hanging
  int rounds;
};

// Up to `limits.rounds` rounds in a child; the first finding, with the round in which it came.
std::optional<Finding> Try(const Program& program, const Limits& limits, uint64_t first_round = 0);

// Runs a program up to `times` times, in a fresh process after each finding, and stops after `most`
// findings. `step` is called after each process with what there is so far.
struct Replayed {
  std::vector<Finding> findings;
  int rounds = 0;  // that were run
};
Replayed Replay(
    const Program& program, int times, int most, int64_t case_limit_ms,
    const std::function<void(const Replayed&)>& step = [](const Replayed&) {});

}  // namespace tenter::fuzz
