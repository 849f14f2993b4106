// Teams: the teams of a cached op, one for each thread that runs a kernel at the same time.
//
// Path: RunOp -> Lend -> RunContext::team -> Team::Run.
//
// Thread safety: Lend and the end of a Loan on any thread.
// Ownership and lifetime: owns the teams, and outlives its loans. Threads start with the first loan
//   of their team, take over what the thread that constructed this had, and end with it.
// Invariants: a team is lent to one thread at a time. In the child of a fork teams have no threads,
//   and start others with their next loan; what other threads had borrowed is free.
// Errors: none of Lend: a thread that gets no team does all parts itself.
//
// LOCK ORDER: Teams::mutex_ is a leaf.
#pragma once

#include <memory>
#include <vector>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread_annotations.h"
#include "runtime/device/team.h"

namespace tenter {

class Teams final : public ForkMember {
 public:
  // `count` teams of so many threads. Throws std::bad_alloc.
  Teams(size_t count, int threads);
  ~Teams();
  Teams(const Teams&) = delete;
  Teams& operator=(const Teams&) = delete;

  class Loan {
   public:
    // `teams`: null where kernels run on one thread.
    explicit Loan(Teams* teams) : teams_(teams), team_(teams ? teams->Lend() : nullptr) {}
    ~Loan() {
      if (team_ != nullptr) teams_->TakeBack(team_);
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Team* get() const { return team_; }  // null: there is none left

   private:
    Teams* const teams_;
    Team* const team_;
  };

  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

 private:
  struct Place {
    std::unique_ptr<Team> team;
    uint64_t thread = 0;  // who has it, by its key; 0: nobody
  };

  Team* Lend() noexcept EXCLUDES(mutex_);
  Place* LendFree() EXCLUDES(mutex_);
  void TakeBack(const Team* team) noexcept EXCLUDES(mutex_);

  Mutex mutex_;
  std::vector<Place> places_ GUARDED_BY(mutex_);
};

}  // namespace tenter
