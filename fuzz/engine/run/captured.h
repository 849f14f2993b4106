// CapturedPrograms: what a case records, captures and replays.
//
// Path: recorded push -> Record; the first replay captures what was recorded -> Replay, again.
//
// Thread safety: each program is used by the pusher that records it only; the counts are for
//   whoever has joined the pushers.
// Ownership and lifetime: owns the programs until Clear, which must come before the engine's end.
//   In some cases a program is released after its last replay, while that may be pending. The
//   engine then deletes the var of the program, and that delete takes a push number which no call
//   returns. So this is done only where Judge can still tell the numbers of all other pushes: in
//   cases that neither delete nor stop, compare no engines and use no bulk.
// Invariants: a program is captured once.
// Errors: a refused capture refuses every replay of it.
#pragma once

#include <algorithm>
#include <map>

#include "fuzz/engine/program/program.h"
#include "runtime/engine/engine.h"

namespace tenter::fuzz {

class CapturedPrograms {
 public:
  explicit CapturedPrograms(const Program& program)
      : may_release_(!Has(program, Verb::kDelete) && !Has(program, Verb::kStop) &&
                     !program.parity && !HasBulk(program) && !RecordsAsync(program)) {
    for (size_t i = 0; i < program.statements.size(); ++i) {
      const Statement& s = program.statements[i];
      if (s.verb == Verb::kReplay) all_[s.program].last_replay = i;
      if (s.verb == Verb::kPush && s.program != 0) all_[s.program];
    }
  }

  void Record(int number, Op&& op) { all_.at(number).recording.Push(std::move(op)); }

  // Into `scope`, unless that is null.
  Result<uint64_t> Replay(Engine& engine, int number, FailureScope* scope, size_t statement) {
    One& one = all_.at(number);
    if (one.captured == nullptr && one.refused.ok()) {
      Result<ProgramPtr> captured = engine.Capture(std::move(one.recording));
      one.refused = captured.status();
      if (captured.ok()) one.captured = *std::move(captured);
    }
    if (!one.refused.ok()) return one.refused;
    const Result<uint64_t> pushed = engine.Replay(one.captured, scope);
    if (may_release_ && statement == one.last_replay) {
      one.captured.reset();
      one.released = true;
    }
    return pushed;
  }

  uint64_t alive() const {
    uint64_t alive = 0;
    for (const auto& [number, one] : all_) alive += one.captured != nullptr;
    return alive;
  }
  uint64_t released() const {
    uint64_t released = 0;
    for (const auto& [number, one] : all_) released += one.released;
    return released;
  }
  void Clear() { all_.clear(); }

 private:
  struct One {
    Recording recording = {};
    ProgramPtr captured = nullptr;
    Status refused = {};
    size_t last_replay = 0;
    bool released = false;
  };

  // The handle of an async op keeps its program alive. The delete of the program's var may then
  // come after the drain has read the counts, which would be right with and without it.
  static bool RecordsAsync(const Program& program) {
    return std::any_of(program.statements.begin(), program.statements.end(), [](const auto& s) {
      return s.verb == Verb::kPush && s.program != 0 && s.ends != Ends::kSync;
    });
  }

  const bool may_release_;
  std::map<int, One> all_;
};

}  // namespace tenter::fuzz
