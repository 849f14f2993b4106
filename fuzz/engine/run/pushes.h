// Pushes: hands the ops of a running case to its engine: alone, in a bulk, or recorded and
// replayed.
//
// Path: a statement -> Push, Replay -> Engine -> the push number, or the refusal, in the notes.
//
// Thread safety: any thread; the ops of a bulk, and those of one captured program, by one thread.
// Ownership and lifetime: borrows the engine; Clear comes before its end.
#pragma once

#include <map>
#include <memory>

#include "fuzz/engine/run/bodies.h"
#include "fuzz/engine/run/captured.h"
#include "fuzz/engine/run/scopes.h"

namespace tenter::fuzz {

class Pushes {
 public:
  Pushes(const Program& program, Engine& engine, Notes& notes, Bodies& bodies, Scopes& scopes);

  void Push(size_t index, const HandlesPtr& handles);
  void Replay(size_t index);

  // Pushes what the bulks of this pusher still hold, and writes down what that tells. Called by it.
  void EndBulks(int pusher);

  const CapturedPrograms& captured() const { return captured_; }
  void Clear() { captured_.Clear(); }

 private:
  struct OpenBulk {
    std::unique_ptr<Bulk> bulk;
    StatementSeen* last = nullptr;  // push through it
  };

  void PushInBulk(const Statement& s, Op&& op, StatementSeen* seen);

  const Program& program_;
  Engine& engine_;
  Notes& notes_;
  Bodies& bodies_;
  Scopes& scopes_;
  const bool forks_;  // the program does
  CapturedPrograms captured_;
  // By pusher, which touches its own only, and by size.
  std::map<int, std::map<int, OpenBulk>> bulks_;
};

}  // namespace tenter::fuzz
