// Crowd: threads beside the pushers of a case, each with vars of its own that come and go.
//
// They make a var, write it some times, wait for it or not, delete it and use it once more: so the
// engine's vars and ops are made and reused while a program runs, and a fork of the program finds
// other threads in the middle of calls. The program has no var of theirs, and nothing of theirs
// fails, so what it sees is the same as without them.
//
// Path: Execution::RunThreads -> Start -> the pushers -> End -> the engine is drained -> Seen.
//
// Thread safety: one thread, that which started it. Each of its own threads writes down what it
//   sees in a record of its own, and meets the others inside the engine only.
// Ownership and lifetime: outlives its engine's ops, whose bodies use it. In the child of a fork
//   its threads do not exist: there it is given up, and never destroyed.
// Invariants: (1) a thread makes kRounds rounds at most, so that every wait-all ends. (2) none
//   exits before End. One that exits takes locks that nobody holds over a fork: with
//   AddressSanitizer that of its quarantine, for which the child of a fork would wait for ever.
#pragma once

#include <array>
#include <deque>
#include <vector>

#include "fuzz/engine/history/history.h"
#include "runtime/base/atomic.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/engine/engine.h"

namespace tenter::fuzz {

class Crowd {
 public:
  Crowd(Engine& engine, int threads, uint64_t seed);

  // Returns when all threads run.
  void Start();
  // Blocks until each thread has ended its round, and has exited.
  void End();
  // REQUIRES: the engine has been drained after End.
  CrowdSeen Seen() const;

 private:
  static constexpr int kRounds = 30;

  // One var, and what its ops did to it: plain integers that only the engine keeps apart.
  struct Life {
    uint64_t writes = 0;        // by bodies
    uint64_t at_deletion = 0;   // writes, as its deleter saw them
    uint64_t deletions = 0;     // by the deleter
    uint64_t writes_taken = 0;  // by the engine
    bool made = false, deletion_taken = false;
  };
  struct Member {
    std::array<Life, kRounds> lives;
    std::string contract, wrong;  // the first promise that it saw broken, and how
    Thread thread;
  };

  void Run(Member& member, uint64_t seed);
  // False when the engine takes nothing more.
  bool Live(Member& member, Life& life, uint64_t seed);
  bool Took(Member& member, const Status& status, const char* what);

  Engine& engine_;
  const uint64_t seed_;
  std::deque<Member> members_;
  Atomic<int> missing_;
  Atomic<bool> over_ = false;
  Gate home_;  // opens when they may exit
};

}  // namespace tenter::fuzz
