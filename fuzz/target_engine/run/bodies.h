// Bodies: the code of the ops of a running case, as callbacks of a target.
//
// Path: Running -> Push -> the target calls run, run_async and release -> Notes.
//
// Thread safety: each body on one thread at a time, as the target calls it.
// Ownership and lifetime: borrows everything; outlives the engine, as its ops refer to it, so that
//   a target that releases an op twice, or runs it afterwards, harms nothing here.
// Invariants: values are plain integers that only the engine under test keeps apart: a wrong order
//   is a data race that ThreadSanitizer can see.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "fuzz/engine/run/letters.h"
#include "fuzz/engine/run/notes.h"
#include "fuzz/target_engine/run/completers.h"
#include "fuzz/target_engine/run/engine_calls.h"

namespace tenter::fuzz::target_engine {

class Bodies {
 public:
  // Executes the statements of the body of an op, with what the letters meant as it was pushed.
  using Inside = std::function<void(int op, const HandlesPtr&)>;

  Bodies(const Program& program, EngineCalls& engine, Notes& notes, Inside inside);

  // Pushes the op of a statement, and notes what the target answered.
  void Push(size_t index, const HandlesPtr& handles);

  // What is in the var, read without asking the engine. REQUIRES: nobody writes it.
  int64_t Value(int instance) const { return values_[static_cast<size_t>(instance)]; }
  std::vector<int> releases() const;

 private:
  // What the callbacks of one push get.
  struct Bound {
    Bodies* bodies = nullptr;
    size_t index = 0;
    HandlesPtr handles;
    Atomic<int> releases = 0;
  };

  static tgt_code RunSync(void* arg, const tgt_op_context* context, tgt_error* error);
  static void RunAsync(void* arg, const tgt_op_context* context, tgt_completion* completion);
  static void Release(void* arg);

  StatementSeen* Begin(const Bound& bound, const tgt_op_context& context);
  void Finish(size_t index, StatementSeen* seen);
  void Complete(size_t index, StatementSeen* seen, tgt_completion* completion);

  const Program& program_;
  EngineCalls& engine_;
  Notes& notes_;
  const Inside inside_;
  std::vector<int64_t> values_;  // by instance
  std::deque<Bound> bound_;      // by statement
  Completers completers_;        // last: they use everything above
};

}  // namespace tenter::fuzz::target_engine
