// Contender: an engine under measurement: ours, or a peer in the same table.
//
// Path: Prepare -> (Push ... WaitAll, timed) many times -> Clear. A captured program: Prepare ->
// Capture -> (Replay ... WaitAll, timed) many times -> Clear.
//
// Thread safety: Push may be called from several threads on disjoint ranges where
//   abilities().many_pushers; everything else belongs to one thread.
// Ownership and lifetime: borrows program and work from Prepare to Clear.
// Invariants: after WaitAll every op pushed so far has run exactly once.
// Errors: throws std::exception; a benchmark that meets one ends without a figure.
#pragma once

#include <memory>
#include <string>

#include "bench/program/program.h"
#include "bench/program/work.h"

namespace tenter::bench {

// What a contender can do at all; a row that needs more does not have it.
struct Abilities {
  bool dependencies = true;  // derives who must wait for whom, or is told (flow graph)
  bool many_pushers = true;
  bool round_trips = true;
  bool engine = false;    // derives dependencies from declared reads and writes, at the push
  bool captures = false;  // can keep a program, and run it again
};

// Who is measured, as the report names it.
struct Description {
  std::string name;    // a key, such as "mxnet"
  std::string title;   // for people
  std::string absent;  // why there is none of it in this run, or nothing
};

class Contender {
 public:
  virtual ~Contender() = default;

  virtual Description description() const = 0;
  virtual Abilities abilities() const = 0;

  // Makes what the ops refer to: variables, handles, edges. Not timed.
  virtual void Prepare(const Program& program, Work& work) = 0;

  // Hands over the ops [first, last) in program order. Timed as the push side.
  virtual void Push(size_t first, size_t last) = 0;

  // Where abilities().captures: keeps the whole program for Replay. Not timed.
  virtual void Capture() {}

  // Hands over the whole captured program once more. Timed as the push side.
  virtual void Replay() {}

  // Returns when everything pushed has run. Timed as the completion side.
  virtual void WaitAll() = 0;

  // Pushes one op and waits for what it writes, or for the op where there is no variable.
  virtual void RoundTrip(size_t op) = 0;

  // Between two repetitions, and after the last; not timed.
  virtual void Reset() {}
  virtual void Clear() = 0;
};

using ContenderPtr = std::unique_ptr<Contender>;

}  // namespace tenter::bench
