// Caller: one thread of a program, which calls and keeps what it is answered.
//
// Path: RunProgram -> Caller::Run on a thread -> Caller::Finish -> History.
//
// Thread safety: Run on one thread, Describe on any other meanwhile, Finish when Run has ended.
// Ownership and lifetime: borrows everything. Outputs are kept until Finish, and looked at once
//   more there; those of a call with an even seed are given back at once, so that their memory is
//   used again while others run.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/model/run/history.h"
#include "harness/target/target_library.h"
#include "runtime/base/atomic.h"

namespace tenter::fuzz::model {

// What all callers of a program call.
struct Callee {
  const Program& program;
  const TargetInstance& target;
  tgt_handle engine = 0;
  std::vector<tgt_handle> ops = {};
  Atomic<uint64_t>* stamps = nullptr;
};

class Later;

class Caller {
 public:
  Caller(const Callee& callee, int number);
  ~Caller();

  void Run();
  std::vector<Answer> Finish();
  std::string Describe() const;

  // Asks without waiting for the answer, which is one of Finish. REQUIRES: the target can.
  size_t AskLater(const Call& call, uint64_t seed);
  // How often that was answered by now.
  int AnsweredBy(size_t asked) const;
  // Blocks until all that was asked is answered.
  void AwaitLater();

  // One call. `kept` gets its outputs, unless it is null: then they are given back at once.
  Answer Do(const Call& call, uint64_t seed, std::vector<tgt_tensor>* kept);

 private:
  bool CanDo(Verb verb) const;
  bool IsLater(const Call& call) const;
  void Invoke(const Call& call, uint64_t seed, std::vector<tgt_tensor>* kept, Answer* answer);

  const Callee& callee_;
  const int number_;
  Atomic<int> doing_ = -1;
  std::vector<Answer> answers_;
  std::vector<std::vector<tgt_tensor>> kept_;  // of each answer; empty when given back
  std::list<std::unique_ptr<Later>> later_;  // whose answers came, or are to come, on other threads
};

}  // namespace tenter::fuzz::model
