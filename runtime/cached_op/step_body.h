// StepBody and EndBody: the bodies of the engine ops that run one step of a plan for one request,
// and that end the request behind them.
//
// Path: Request::RunOnEngine -> Engine::Push(StepBody) -> worker -> RunStep -> Kernel::Run.
//
// Thread safety: as OpBody.
// Ownership and lifetime: refer to the arena and count themselves there, so that the arena stays
//   lent until the last body is destroyed, however the request ends. The arena keeps the plan.
// Invariants: small enough to lie inside an OpBody.
// Errors: RunStep throws what the kernel or a fault throws.
#pragma once

#include <algorithm>
#include <utility>

#include "runtime/cached_op/arena.h"

namespace tenter {

// Runs the step of this number with the scratch memory of `executor`; does nothing when the arena
// is abandoned. REQUIRES: the arena is bound, and the steps that this one reads from have run.
void RunStep(Arena& arena, size_t number, int executor);

// What is left to do when all steps have run.
void EndRequest(const Arena& arena);

// A body's use of an arena, counted there as long as the body exists.
class ArenaUse {
 public:
  explicit ArenaUse(Arena* arena) : arena_(arena) { arena->AddOp(); }
  ArenaUse(ArenaUse&& other) noexcept : arena_(std::exchange(other.arena_, nullptr)) {}
  ~ArenaUse() {
    if (arena_ != nullptr) arena_->OpGone();
  }
  ArenaUse& operator=(ArenaUse&&) = delete;

  Arena& operator*() const { return *arena_; }

 private:
  Arena* arena_;
};

class StepBody {
 public:
  StepBody(Arena* arena, size_t number) : arena_(arena), number_(number) {}

  void operator()(const OpContext& context) {
    RunStep(*arena_, number_, std::max(context.worker, 0));
  }

 private:
  ArenaUse arena_;
  size_t number_;
};
static_assert(sizeof(StepBody) <= OpBody::kInlineBytes);

class EndBody {
 public:
  explicit EndBody(Arena* arena) : arena_(arena) {}
  void operator()(const OpContext&) { EndRequest(*arena_); }

 private:
  ArenaUse arena_;
};

}  // namespace tenter
