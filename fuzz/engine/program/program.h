// Program: what one case does with an engine, as a list of statements that reads like source text.
//
//   engine workers 2 policy skip vars 3 noise 7
//   t0: push op1 reads(a) writes(b) priority 3 throws runtime_error
//   t1: delete a deleter throws
//   op1: wait b                          a statement of the body of op1
//   t1: push op2 writes(b) program 1     recorded, not pushed: what `replay` pushes
//   t1: replay 1
//
// Path: seed -> GenerateProgram (or ParseProgram) -> Execute -> Judge -> ToText.
//
// Thread safety: plain data.
// Ownership and lifetime: values.
// Invariants: (1) ParseProgram(ToText(p)) == p. (2) ops have distinct numbers. (3) a statement of
//   an op stands behind the push of that op. (4) `new` occurs in programs of one thread only, so
//   that every handle is known when it is used. (5) one pusher records and replays a captured
//   program, and records nothing more once it has replayed it; bodies of its ops do nothing else.
//   (6) ops in bulks, too, occur only where the order of pushes is known: in sequential programs,
//   or where each op runs and tells it, and nothing is deleted; without a gate or a crowd. (7) a
//   program of one pusher whose ops all end with their bodies may fork: both processes go on with
//   it. (8) an op that blocks has a worker, and its own pusher cancels its scope, gives that a
//   deadline or stops the engine with cancel before it waits for ops, or its own body cancels or
//   stops, or it has a short deadline. (9) a scope has one deadline at most, which
//   a pusher sets; only that pusher waits until it has passed. (10) an op meets one that can begin
//   while it waits: meetings.h. (11) beside a crowd the program deletes nothing, nothing is
//   cancelled by a stop, and nobody asks for parity, a gate or a worker that fails. (12) a
//   pusher has rounds only where nothing fails, since their waits would tell of it; and without
//   deletes, stops, bulks, forks, a gate and a worker that fails.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/engine/program/statement.h"

namespace tenter::fuzz {

struct Program {
  int workers = 1;
  ErrorPolicy policy = ErrorPolicy::kSkipDependents;
  int vars = 1;             // letters a, b, ... that exist at the start
  int apart = 1;            // so far apart lie the indices of their handles
  uint64_t noise = 0;       // seed of the delays at the engine's sites; 0: none
  int crowd = 0;            // threads beside, with vars of their own
  bool idle = false;        // workers end when they were idle for a moment; some cannot come back
  bool gated = false;       // ENG-10: one worker, held until everything was pushed
  bool parity = false;      // ENG-11: run it on the naive engine too, and compare
  int failing_worker = -1;  // ERR-10: this worker cannot be started
  std::vector<Statement> statements;

  bool operator==(const Program&) const = default;
};

// Numbers of the pusher threads, and how many ops (pushes and deletes) there are.
int Threads(const Program& program);
int Ops(const Program& program);
int Replays(const Program& program, int captured);
// How many vars are made and never used, so that those of the program lie apart.
int SpareVars(const Program& program);

// True when the order of all pushes is known before the program runs: one thread, and no op pushes.
bool IsSequential(const Program& program);
bool Has(const Program& program, Verb verb);
bool CanCancel(const Program& program);
// Whether the engine, or a scope in which it is, may cancel the op that `push` pushes.
bool CanCancel(const Program& program, const Statement& push);
bool HasBulk(const Program& program);
// Whether chance says how some op ends.
bool HasRaces(const Program& program);

}  // namespace tenter::fuzz
