// Recording and Program: a sequence of pushes that is recorded once and replayed many times. The
// dependencies between its ops are found when it is captured, so that a replay asks the vars once
// for all of them (the static path of a compiled model).
//
// To the contracts a replay of n ops is one push: it takes n push numbers in a row, it is one event
// on all vars that any op uses (ENG-2), and a wait that is called after it waits for all of it.
// Inside, each op fails, is skipped, poisons and heals by itself, exactly as if it had been pushed
// alone (ERR-1 to ERR-5).
//
// Path: Recording::Push -> Engine::Capture -> Engine::Replay, again and again.
//
// Thread safety: a Recording belongs to one thread. A Program may be replayed from any thread;
//   replays of one program run one after the other, whatever they use.
// Ownership and lifetime: a Program owns names and bodies, which are kept for the next replay; a
//   pending replay keeps it alive. It must not outlive its engine.
// Invariants: a replay ends when its ops have ended; the next one starts when no completion handle
//   of it is left either, since an op exists once.
// Errors: Capture returns kInvalidArgument (nothing recorded, an op without a body), kStopped or
//   kResourceExhausted; Replay as Push. Recording::Push throws std::bad_alloc and records nothing
//   then.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "runtime/engine/op.h"

namespace tenter {

class ProgramNode;

// What Capture takes.
class Recording {
 public:
  Recording();
  ~Recording();
  Recording(Recording&& other) noexcept;
  Recording& operator=(Recording&& other) noexcept;

  // As Engine::Push, for later. Priorities have no meaning inside a program.
  void Push(Op&& op);

  size_t size() const { return nodes_.size(); }
  bool has_deadlines() const;

  // kInvalidArgument when there is nothing to capture.
  Status Check() const;

 private:
  friend class CapturedProgram;
  std::vector<std::unique_ptr<ProgramNode>> nodes_;
};

// What Capture makes; what is inside is the engine's (captured_program.h).
class Program {
 public:
  virtual ~Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  virtual size_t size() const = 0;   // ops
  virtual size_t edges() const = 0;  // between them

 protected:
  Program() = default;
};

using ProgramPtr = std::shared_ptr<Program>;

}  // namespace tenter
