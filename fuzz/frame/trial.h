// Trial: runs a program for several rounds in a process of its own, and judges each.
//
// Thread safety: the parent must have one thread only (RunInChild).
// Ownership and lifetime: values.
// Invariants: RunOnce is what campaign, shrinker and replay all run.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "fuzz/frame/subject.h"
#include "fuzz/process/child.h"

namespace tenter::fuzz {

// One round of the program, here; a race that the sanitizer saw meanwhile is a finding too.
std::optional<Finding> RunOnce(const Subject& subject, Rig& rig, const std::string& program,
                               uint64_t round);

// What nobody lived to name: `kind`, with what the target said of itself.
Finding Suspected(const Subject& subject, const std::string& program, const char* kind,
                  const std::string& said = "", uint64_t round = 0);

struct Limits {
  int64_t case_ns;  // a case that takes longer counts as hanging
  int rounds;
};

// Up to `limits.rounds` rounds in a child; the first finding, with the round in which it came.
std::optional<Finding> Try(const Subject& subject, const std::string& program, const Limits& limits,
                           uint64_t first_round = 0);

// Runs a program up to `times` times, in a fresh process after each finding, and stops after `most`
// findings. `step` is called after each process with what there is so far.
struct Replayed {
  std::vector<Finding> findings;
  int rounds = 0;  // that were run
};
Replayed Replay(
    const Subject& subject, const std::string& program, int times, int most, int64_t case_limit_ms,
    const std::function<void(const Replayed&)>& step = [](const Replayed&) {});

}  // namespace tenter::fuzz
