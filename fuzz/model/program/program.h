// Program: a model, how it is run, faults, and what callers do with it, as lines of text.
//
//   model threads safe workers 2 flight 2 full wait plans 2 kernels fast ops 1 noise 5 waiting 2
//       way dataflow batch 4         in the same line
//   input x0 float N 3
//   n0 = Relu x0
//   output n0
//   wrong n0 operand              the file says something that is forbidden (graph.h)
//   fault n0 error hit 2          the second time that n0 runs
//   fault compile throw each 2    every second compilation
//   c0: call a size 2 seed 4 times 3   by caller 0, of the first op; callers call at the same time
//   c0: call a size 2 seed 4 times 3 later within 50 withdrawn priority 1
//       in the same line: answered later, has a deadline (us), is cancelled as soon as it was made
//   c1: bad a rank                     a request that must be refused
//   c1: free a
//
// Path: seed -> DrawProgram (or ParseProgram) -> RunProgram -> Judge; ToText -> the report.
//
// Thread safety: plain data, pure functions.
// Invariants: ParseProgram(ToText(p)) == p; the graph of what ParseProgram accepts fits at every
//   size that is called.
// Errors: ParseProgram answers kInvalidArgument with the line that it does not know, or the node
//   that does not fit.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "fuzz/model/graph/graph.h"
#include "fuzz/target/injected.h"
#include "harness/target/target.h"
#include "runtime/base/status.h"

namespace tenter::fuzz::model {

enum class Place { kNode, kCompile, kArena };
enum class Verb { kCall, kBad, kLook, kFree, kStop, kCancel };
enum class Bad { kRank, kType, kCount, kSize };

struct Fault {
  Place place = Place::kNode;
  std::string node = "";  // kNode
  Action action = Action::kError;
  bool each = false;  // at each `hit`-th hit, not only at that one
  int64_t hit = 1;
  bool operator==(const Fault&) const = default;
};

struct Call {
  int caller = 0;
  Verb verb = Verb::kCall;
  int op = 0;
  int64_t size = 1;   // kCall and kBad: what N stands for
  uint64_t seed = 0;  // of the first call; the next ones count on
  int times = 1;
  bool later = false;      // asked without waiting; answers are awaited behind the last call
  bool withdrawn = false;  // cancelled when it was asked; only with `later`
  int within = 0;          // microseconds until its deadline; 0: none; only with `later`
  int priority = 0;        // only with `later`
  Bad bad = Bad::kRank;
  bool operator==(const Call&) const = default;
};

struct Program {
  bool safe = true;  // thread_safe
  int workers = 1;   // of the engine; 0: the naive one
  int64_t flight = 1, plans = 1;
  bool refuse = false;     // when so many are in flight; else wait
  bool reference = false;  // reference kernels
  int ops = 1;             // cached ops of the one model, on the one engine
  uint64_t noise = 0;      // seed of the delays at the target's sites; 0: none
  int waiting = 0;  // calls that come one after the other and wait for one place, at the end; more
                    // than none: others are asked then, too (run/taken.h)
  tgt_way way = TGT_WAY_DEFAULT;  // the target's own, too, where it does not have this one
  int batch = 1;  // requests that may run as one; a target without this runs each alone
  int intra = 1;  // threads that compute a kernel together, however small it is
  Graph graph = {};
  std::vector<Fault> faults = {};
  std::vector<Call> calls = {};
  bool operator==(const Program&) const = default;
};

inline constexpr int kMostCallers = 6;
inline constexpr int kMostOps = 2;

std::string ToText(const Program& program);
Result<Program> ParseProgram(const std::string& text);
// The lines alone: the graph may name what is not there, and may not fit.
Result<Program> ParseLines(const std::string& text);
// The line of the options alone.
std::string HeaderText(const Program& program);
std::string ToText(const Call& call);

int Callers(const Program& program);
// The sizes that it calls with, each once; not empty, since somebody calls.
std::set<int64_t> SizesOf(const Program& program);
inline bool IsStop(Verb verb) { return verb == Verb::kStop || verb == Verb::kCancel; }
inline bool IsInvocation(Verb verb) { return verb == Verb::kCall || verb == Verb::kBad; }
bool Has(const Program& program, Verb verb);
bool Stops(const Program& program);
// Whether requests end with the engine.
inline bool RunsOnEngine(const Program& program) {
  return program.safe && program.way != TGT_WAY_INLINE;
}
const char* VerbName(Verb verb);

}  // namespace tenter::fuzz::model
