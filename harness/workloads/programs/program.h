// Program: a random engine program, what each op did when it ran, and what should have happened.
//
// An op hashes the values that it reads with its own number and writes the result to what it
// writes. The values are plain integers: only the engine keeps two ops from touching one at the
// same time, so a wrong order is also a data race that ThreadSanitizer can see.
//
// Thread safety: Generate is pure. Each ProgramOp is filled in by the one thread that runs it;
//   the harness reads it after the engine was drained.
// Ownership and lifetime: plain data, owned by the workload.
// Invariants: the program depends on the seed and the options alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checks/check_board.h"

namespace tenter {

struct ProgramOptions {
  int64_t threads = 8;
  int64_t ops_per_thread = 100;
  int64_t vars = 64;
  double fail_percent = 0;       // bodies that throw
  double async_percent = 0;      // ops that complete later, from another thread
  double drop_percent = 0;       // of the async ops: those whose completion is dropped
  double duplicate_percent = 0;  // ops that name a var twice
  uint64_t seed = 1;
};

struct ProgramOp {
  // What it is; constant once generated.
  std::string name;
  std::vector<uint32_t> reads, writes;  // var numbers, duplicates included
  bool throws = false, async = false, drops = false;

  // What happened.
  uint64_t push_number = 0;
  int64_t begin = 0, end = 0;  // stamps of one counter; 0: its body never ran
};

// ops[t][i] is the i-th push of thread t.
std::vector<std::vector<ProgramOp>> GenerateProgram(const ProgramOptions& options);

// The value that op `number` writes, given the values that it reads, in the order of its distinct
// reads.
int64_t OpValue(const std::string& name, const std::vector<int64_t>& reads);

// A var's state: its value, or the op whose failure poisons it.
struct VarOutcome {
  int64_t value = 0;
  const ProgramOp* root = nullptr;
};

// What the program must have done, executed one op at a time in push order. `failed_by_fault`
// maps the name of an op to the message of the fault that made it fail.
struct Expectation {
  std::vector<VarOutcome> vars;
  std::map<std::string, std::string> message_of_failed;  // op name -> a part of its error's message
  std::vector<const ProgramOp*> roots;                   // failed ops, by push number
  std::vector<const ProgramOp*> ran;                     // ops whose body had to run
};
Expectation Expect(const std::vector<const ProgramOp*>& in_push_order, size_t vars,
                   bool run_dependents, const std::map<std::string, std::string>& failed_by_fault);

// ENG-1, ENG-2: on each var, conflicting ops must have run in push order and without overlap.
// Reports what did not.
void CheckOrder(const std::vector<const ProgramOp*>& in_push_order, size_t vars, CheckBoard* board);

// ENG-3: the pushes of each thread must have rising push numbers.
void CheckProgramOrder(const std::vector<std::vector<ProgramOp>>& program, CheckBoard* board);

// The contract that is broken when nothing moves any more. Every op that conflicts with the first
// one that did not begin, in the order of the pushes, has ended: so that one was never granted. It
// may have been skipped where ops fail. Reads what threads that stand still have written.
std::string_view ContractOfStandstill(const std::vector<std::vector<ProgramOp>>& program,
                                      bool faults_fail);

}  // namespace tenter
