// Notes: where one execution writes down what it sees, and with which stamps.
//
// Thread safety: Stamp and NewRun from any thread. A record is written by the thread that executes
//   its statement or body; Take when all threads are gone.
// Ownership and lifetime: owns the history until Take.
// Invariants: stamps are relaxed, so that they create no order that would hide a race of the
//   engine's from ThreadSanitizer.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "fuzz/engine/history/history.h"
#include "runtime/base/atomic.h"

namespace tenter::fuzz {

class Notes {
 public:
  explicit Notes(const Program& program) : program_(program), runs_(program.statements.size()) {
    history_.statements.resize(program.statements.size());
    for (size_t i = 0; i < program.statements.size(); ++i)
      if (const int number = program.statements[i].program; number != 0)
        history_.statements[i].replays.resize(Replays(program, number) + kSpareRuns);
  }

  int64_t Stamp() { return stamps_.FetchAdd(1, kRelaxed) + 1; }
  StatementSeen& statement(size_t index) { return history_.statements[index]; }
  History& history() { return history_; }

  // Where the next run of the body of this push is written down: a recorded one has a record for
  // each replay.
  RunSeen* NewRun(size_t index) {
    StatementSeen& seen = history_.statements[index];
    if (program_.statements[index].program == 0) return &seen;
    const size_t run = runs_[index].FetchAdd(1, kRelaxed);
    return &seen.replays[std::min(run, seen.replays.size() - 1)];
  }

  History Take() {
    for (StatementSeen& seen : history_.statements)
      std::erase_if(seen.replays, [](const RunSeen& run) { return run.runs == 0; });
    return std::move(history_);
  }

 private:
  static constexpr int kSpareRuns = 2;  // of an engine that runs a body too often

  const Program& program_;
  Atomic<int64_t> stamps_ = 0;
  std::vector<Atomic<size_t>> runs_;  // of recorded pushes
  History history_;
};

}  // namespace tenter::fuzz
