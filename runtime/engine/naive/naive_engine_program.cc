// Captured programs in NaiveEngine: their nodes run one after the other, within the replay.
#include <new>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/engine/naive/naive_engine.h"
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"

namespace tenter {

Result<ProgramPtr> NaiveEngine::Capture(Recording recording) {
  return MakeProgram(this, std::move(recording), &programs_);
}

Result<uint64_t> NaiveEngine::Replay(const ProgramPtr& program, FailureScope* scope) {
  try {
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = "replay");
    if (InsideOp()) return DeferReplay(program, scope);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor("a replay");
  }
  auto& captured = static_cast<CapturedProgram&>(*program);
  SmallMutexLock turn(turn_);
  TENTER_RETURN_IF_ERROR(FindVars(captured, &replay_uses_));
  const uint64_t first = TakeNumbers(captured);
  runner_.Store(CurrentThreadKey(), kRelaxed);
  if (scope != nullptr) scope->Enter(program->size());
  RunProgram(captured, replay_uses_, first, NowNs(), scope);
  if (!deferred_.empty()) RunDeferred();
  runner_.Store(0, kRelaxed);
  return first;
}

Result<uint64_t> NaiveEngine::DeferReplay(const ProgramPtr& program, FailureScope* scope) {
  std::vector<Use> uses;
  const auto& captured = static_cast<const CapturedProgram&>(*program);
  TENTER_RETURN_IF_ERROR(FindVars(captured, &uses));
  deferred_.push_back({"replay", std::move(uses), OpBody(), false, 0, NowNs(), scope, program});
  if (scope != nullptr) scope->Enter(program->size());
  return deferred_.back().push_number = TakeNumbers(captured);
}

uint64_t NaiveEngine::TakeNumbers(const CapturedProgram& program) {
  const uint64_t first = pushed_.Load(kRelaxed) + 1;
  pushed_.Store(first + program.size() - 1, kRelease);
  return first;
}

void NaiveEngine::RunProgram(CapturedProgram& program, std::span<const Use> uses,
                             uint64_t first_number, int64_t pushed_ns, FailureScope* scope) {
  for (const auto& node : program.nodes_) {
    Run({node->name(), uses.first(node->access_count), &node->body, false, first_number++,
         DeadlineOf(node->timeout_ns, pushed_ns), scope, true});
    uses = uses.subspan(node->access_count);
  }
}

// Fills `uses` with those of all nodes, one after the other. Errors as above, and
// kResourceExhausted.
Status NaiveEngine::FindVars(const CapturedProgram& program, std::vector<Use>* uses) const {
  if (stopping_.Load(kAcquire)) return PushAfterStop();
  const Var* stale = nullptr;
  try {
    uses->clear();
    for (const auto& node : program.nodes_)
      for (const Access& access : node->accesses()) {
        NaiveVar* const state = Find(access.var);
        if (state == nullptr) stale = SmallerVar(stale, &access.var);
        uses->push_back({state, access.var.index, Reads(access.mode), Writes(access.mode)});
      }
  } catch (const std::bad_alloc&) {
    return NoMemoryFor("a replay");
  }
  return stale == nullptr ? Status() : StaleVar(*stale);
}

}  // namespace tenter
