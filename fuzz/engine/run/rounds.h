// Rounds: a pusher pushes an op or two, waits for everything and reads what their bodies wrote,
// many times in a row (ENG-6).
//
// A wait that has to sleep is woken under a lock, and a worker that rests says what it has ended:
// each of the two orders what the bodies wrote before the read, whatever the count of ended ops
// does. So the pusher looks out for the ends of the bodies and waits at about the moment in which
// the worker counts the last of them.
//
// Path: Execution::Do -> Run -> Judge: the values, and the pushes that the engine counts.
//
// Thread safety: any pusher, each for statements of its own.
// Ownership and lifetime: outlives the engine, whose ops use it.
// Invariants: values are plain integers that only the wait keeps apart; a pusher and its bodies
//   meet in a relaxed counter otherwise, which orders nothing.
#pragma once

#include <array>
#include <map>

#include "fuzz/engine/history/history.h"
#include "fuzz/engine/run/look.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/engine/engine.h"

namespace tenter::fuzz {

class Rounds {
 public:
  explicit Rounds(const Program& program) {
    for (size_t i = 0; i < program.statements.size(); ++i)
      if (program.statements[i].verb == Verb::kRounds) slates_[i];
  }

  // `seed` decides how long the pusher waits between the end of a body and its wait.
  void Run(Engine& engine, size_t statement, int rounds, uint64_t seed, StatementSeen* seen) {
    Slate& slate = slates_.at(statement);
    for (int round = 1; round <= rounds; ++round) {
      seed = CombineHash(seed, static_cast<uint64_t>(round));
      const size_t ops = 1 + seed % kMostOps;
      for (size_t i = 0; i < ops; ++i)
        if (!Push(engine, slate, i, round, seen)) return;
      AwaitBodies(slate, seen->pushes, static_cast<int64_t>(seed >> 32) % kMostSpinNs);
      LookAtAll(engine, &seen->reported, &seen->caught);
      for (size_t i = 0; i < ops; ++i) seen->values_missing += slate.values[i] != round;
    }
  }

 private:
  static constexpr size_t kMostOps = 2;  // of a round
  static constexpr int64_t kMostSpinNs = 2 * kNsPerUs;
  static constexpr int kMostLooks = 20000;  // then a body counts as slow, and is left to the wait

  struct Slate {
    std::array<int, kMostOps> values = {};
    Atomic<uint64_t> written = 0;
  };

  static bool Push(Engine& engine, Slate& slate, size_t i, int round, StatementSeen* seen) {
    Op op{.name = "round"};
    op.body = [&slate, i, round](const OpContext&) {
      slate.values[i] = round;
      slate.written.FetchAdd(1, kRelaxed);
    };
    seen->code = engine.Push(std::move(op)).status().code();
    seen->pushes += seen->code == StatusCode::kOk;
    return seen->code == StatusCode::kOk;
  }

  static void AwaitBodies(const Slate& slate, uint64_t written, int64_t spin_ns) {
    for (int looks = 0; slate.written.Load(kRelaxed) < written && looks < kMostLooks; ++looks) {
    }
    const int64_t until = NowNs() + spin_ns;
    while (NowNs() < until) {
    }
  }

  std::map<size_t, Slate> slates_;  // by statement; the map does not change after the construction
};

}  // namespace tenter::fuzz
