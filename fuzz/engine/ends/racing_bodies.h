// RacingBodies: bodies whose handle is used, or that throw, at about the deadline of their op.
//
// Handle, deadline and the exception of the body meet within a few microseconds. Whoever comes
// first ends the op, and what depends on it may run from then on: therefore none of the three
// touches the values of vars.
//
// Path: push -> SetDeadline; body -> Run -> Racers use the handle, the body throws.
//
// Thread safety: SetDeadline by the pusher, before its push; Run on a worker.
// Ownership and lifetime: borrows program and racers; outlives the engine.
#pragma once

#include <vector>

#include "fuzz/engine/ends/racers.h"
#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

class RacingBodies {
 public:
  // `round` numbers the repetitions of one program: each has other times.
  RacingBodies(const Program& program, uint64_t round, Racers* racers)
      : program_(program), round_(round), racers_(racers), deadlines_(program.statements.size()) {}

  void SetDeadline(size_t index, int64_t deadline_ns) { deadlines_[index] = deadline_ns; }

  // The body of the push with this index.
  void Run(size_t index, Completion handle) const;

 private:
  int64_t Time(size_t index, uint64_t salt) const;

  const Program& program_;
  const uint64_t round_;
  Racers* const racers_;
  std::vector<int64_t> deadlines_;
};

}  // namespace tenter::fuzz
