// PlainEngine: a small engine with one lock, which makes the promises that our own runtime does not
// make, to see that these are judged rightly.
//
// An op waits for every earlier one that touches the same var and has not ended. So it is right by
// its looks, and as slow as may be.
//
// Path: plain_target.cc -> PlainEngine -> the callbacks of the fuzzer.
//
// Thread safety: every method from any thread; the destructor when no other call runs.
// Ownership and lifetime: owns its workers and what is pushed.
// Invariants: it names no file of the runtime's engine.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "harness/target/target.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz::target_engine {
class PlainEngine;
struct PlainOp;
}  // namespace tenter::fuzz::target_engine

// What a body gets, to end its op with.
struct tgt_completion {
  tenter::fuzz::target_engine::PlainEngine* engine;
  tenter::fuzz::target_engine::PlainOp* op;
};

namespace tenter::fuzz::target_engine {

struct PlainRules {
  tgt_error_rule errors = TGT_ERRORS_EVERY_WAIT;
  bool total_order = true;
  // Planted bugs.
  bool tells_again = false;   // under ONCE: what was told is not forgotten
  bool tells_nobody = false;  // a failure that reaches a var is told by no wait
  bool tells_anyway = false;  // under NOT_AT_ALL: a wait fails
  bool overtakes = false;     // a read does not wait for writes that another thread pushed
};

// An op that was pushed and has not ended.
struct PlainOp {
  tgt_op op = {};
  std::string name;
  std::vector<uint32_t> reads, writes;
  std::thread::id pusher;
  uint64_t place = 0, number = 0;
  bool begun = false;
  tgt_completion completion = {};
};

class PlainEngine {
 public:
  PlainEngine(const PlainRules& rules, int workers, bool run_dependents);
  ~PlainEngine();

  tgt_code NewVar(tgt_var* var) EXCLUDES(mutex_);
  tgt_code DeleteVar(tgt_var var) EXCLUDES(mutex_);
  tgt_code Push(const tgt_op& op, uint64_t* number) EXCLUDES(mutex_);
  void Complete(tgt_completion* completion, tgt_completion_end how, const char* message)
      EXCLUDES(mutex_);
  tgt_code Wait(tgt_var var, tgt_failure* failure, tgt_error* error) EXCLUDES(mutex_);
  tgt_code WaitForAll(tgt_failure* failures, size_t capacity, size_t* count, tgt_error* error)
      EXCLUDES(mutex_);
  tgt_code Stop(bool cancel) EXCLUDES(mutex_);
  tgt_engine_counts Counts() EXCLUDES(mutex_);

 private:
  using Failures = std::map<uint64_t, tgt_failure>;  // by place in the order of pushes
  struct VarState {
    bool live = true;
    Failures failures;
  };

  void Work() EXCLUDES(mutex_);
  PlainOp* NextReady() REQUIRES(mutex_);
  bool Begin(PlainOp* op) REQUIRES(mutex_);
  void RunBody(PlainOp* op) EXCLUDES(mutex_);
  void End(PlainOp* op, const tgt_failure* own) REQUIRES(mutex_);
  Failures FailuresOfReads(const PlainOp& op) REQUIRES(mutex_);
  bool IsLive(tgt_var var) REQUIRES(mutex_);
  bool Conflicts(const PlainOp& earlier, const PlainOp& later) const;
  bool IsInside(tgt_error* error) REQUIRES(mutex_);
  void Forget(uint64_t place) REQUIRES(mutex_);

  const PlainRules rules_;
  const bool run_dependents_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<VarState> vars_ GUARDED_BY(mutex_);
  std::list<PlainOp> pending_ GUARDED_BY(mutex_);                     // in the order of pushes
  std::map<std::thread::id, std::string> inside_ GUARDED_BY(mutex_);  // ops whose bodies run there
  Failures unreported_ GUARDED_BY(mutex_);
  tgt_engine_counts counts_ GUARDED_BY(mutex_) = {};
  uint64_t places_ GUARDED_BY(mutex_) = 0;
  bool stopped_ GUARDED_BY(mutex_) = false;
  bool cancelled_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;
  std::list<Thread> workers_;  // last: they use everything above
};

}  // namespace tenter::fuzz::target_engine
