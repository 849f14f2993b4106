// Meetings: bodies of a running case that wait until the body of another op has begun.
//
// Path: Bodies::Of keeps the promise of an op that is awaited -> its body, or its end, keeps it ->
// the body that waits goes on.
//
// Thread safety: any thread.
// Ownership and lifetime: outlives every promise.
// Invariants: an op that ends without its body keeps its promise too, since an engine destroys such
//   a body when the op has ended. Which meetings there are is program/meetings.h's: here a body
//   only waits, and the watchdog ends a case in which it waits in vain.
#pragma once

#include <map>
#include <memory>

#include "fuzz/engine/program/program.h"
#include "runtime/base/gate.h"

namespace tenter::fuzz {

class Meetings {
 public:
  // What the body of an op that is awaited owns. Null: nobody waits for the op.
  using Promise = std::shared_ptr<Gate>;

  // On an engine that runs each op inside its push, nobody waits.
  explicit Meetings(const Program& program) {
    if (program.workers < 2) return;
    for (const Statement& s : program.statements)
      if (s.meets != 0) begun_[s.meets];
  }

  Promise PromiseOf(int op) {
    const auto gate = begun_.find(op);
    if (gate == begun_.end()) return nullptr;
    return {&gate->second, [](Gate* begun) { begun->Open(); }};
  }
  // Returns when the op that the body of `s` meets has begun, or has ended without that.
  void Await(const Statement& s) {
    if (const auto gate = begun_.find(s.meets); gate != begun_.end()) gate->second.Wait();
  }

 private:
  std::map<int, Gate> begun_;  // by op; the map does not change after the construction
};

}  // namespace tenter::fuzz
