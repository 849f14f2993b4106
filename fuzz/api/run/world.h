// World: two contexts, the handles of a program, and the ops that were handed over.
//
// Path: RunProgram -> World -> the C API.
//
// Thread safety: Call from several threads, each for lines of its own.
// Ownership and lifetime: Close frees both contexts; ops stay until the World goes, so that a body
//   that runs too late can be seen.
// Invariants: nothing is ever made in the second context, so every handle is a stranger there.
#pragma once

#include <array>
#include <list>
#include <string>
#include <vector>

#include "fuzz/api/run/history.h"
#include "fuzz/api/run/op.h"
#include "fuzz/frame/site_delays.h"
#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"

namespace tenter::fuzz::api {

inline constexpr size_t kOutputs = 2;  // of its model

class World {
 public:
  // `rows`: a CSV file. Borrows `delays`.
  World(std::string rows, SiteDelays* delays);
  World(const World&) = delete;

  // Makes the call of `answer->line`. `inside`: what a body of its op answers, or null.
  void Call(Answer* answer, Answer* inside);
  // What the body of `op` calls.
  void CallInside(const Op& op);
  // Returns when the body of `op` was told of a cancel, or has waited in vain.
  void AwaitCancel(Op* op, const tenter_op_context* context);
  // The same with a callback.
  void AwaitWake(Op* op, const tenter_op_context* context);
  // Frees the contexts: everything that was made is gone then. Returns the stamp at which it began.
  uint64_t Close();
  // What became of the ops that is wrong. REQUIRES: Close.
  std::vector<std::string> WrongOps() const EXCLUDES(mutex_);
  std::vector<Ran> AllRan() const EXCLUDES(mutex_);  // REQUIRES: Close

 private:
  template <typename Handle>
  static Handle As(uintptr_t number) {
    return reinterpret_cast<Handle>(number);
  }
  tenter_code Do(const Line& line, Answer* answer, Answer* inside, tenter_error* error);
  tenter_code Make(const Line& line, Answer* answer, tenter_error* error);
  tenter_code Push(const Line& line, Answer* answer, Answer* inside, tenter_error* error);
  tenter_code HandOver(const Line& line, const Answer& answer, tenter_op* op, uint64_t* number,
                       tenter_error* error);
  tenter_code Use(const Line& line, Answer* answer, tenter_error* error);
  tenter_code Wait(const Line& line, Answer* answer, tenter_error* error);
  tenter_code UseIterator(const Line& line, Answer* answer, tenter_error* error);
  tenter_code Invoke(const Line& line, Answer* answer, tenter_error* error);
  tenter_code Free(const Line& line, uintptr_t handle, tenter_context* context,
                   tenter_error* error);
  tenter_code DeleteVar(const Line& line, Answer* answer, tenter_error* error);
  tenter_code MakeProgram(const Line& line, Answer* answer, tenter_error* error);
  Op* NewOp(const Answer* call, Answer* inside, int nth = 0) EXCLUDES(mutex_);
  void AwaitBodies() EXCLUDES(mutex_);
  template <typename Told>
  void AwaitTold(Op* op, Told told);
  tenter_context* ContextOf(const Line& line) const { return contexts_[line.other ? 1 : 0]; }

  const std::string rows_;
  tenter_context* contexts_[2] = {nullptr, nullptr};
  std::array<Atomic<uintptr_t>, kMostHandles> handles_ = {};
  // Of the scope that each handle is: a cancel succeeded, or a deadline that comes.
  std::array<Atomic<bool>, kMostHandles> due_ = {};
  // Of the engine that each handle is: how many calls stop it with cancel, from their begin on.
  std::array<Atomic<int>, kMostHandles> stops_ = {};
  Atomic<uint64_t> stamps_ = 1;
  Atomic<bool> closing_ = false;  // no body waits for a cancel any more
  mutable Mutex mutex_;
  std::list<Op> ops_ GUARDED_BY(mutex_);
};

}  // namespace tenter::fuzz::api
