// The push path of ThreadedEngine: ops, and captured programs.
#include <new>
#include <utility>

#include "runtime/engine/pending/captured_program.h"
#include "runtime/engine/pending/outcome.h"
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {

// Everything that can fail happens before the first queue is touched (ERR-10). Inlined, because a
// call more is a thirtieth of a push.
[[gnu::always_inline]] inline Result<uint64_t> ThreadedEngine::PushInside(Op* op) {
  try {
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = op->name);
    if (op->timeout_ns > 0 && op->body.is_async()) TENTER_RETURN_IF_ERROR(deadlines_.Start());
    return Enqueue(Prepare(op), 1);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(op->name);
  }
}

Result<uint64_t> ThreadedEngine::Push(Op&& op) {
  if (!op.body) return NoBody(op.name);
  bulks_.FlushMine();
  ForkGateLock inside(gate_);
  return PushInside(&op);
}

Result<uint64_t> ThreadedEngine::PushCounted(Op&& op) {
  if (!op.body) return NoBody(op.name);
  bulks_.FlushMine();
  return PushInside(&op);
}

Status ThreadedEngine::DeleteVar(Var var, std::function<void()> deleter) {
  bulks_.FlushMine();
  ForkGateLock inside(gate_);
  try {
    const std::string name = "delete " + var.ToString();
    Op op{.name = name, .body = DeletionBody(std::move(deleter), probe_)};
    op.writes = std::span<const Var>(&var, 1);
    PendingOp* const pending = Prepare(&op);
    pending->deletes_var = true;
    return Enqueue(pending, 1).status();
  } catch (const std::bad_alloc&) {
    return NoMemoryFor("delete");
  }
}

PendingOp* ThreadedEngine::Prepare(Op* op) {
  PendingOp* const pending = pool_.Take();
  try {
    pending->SetName(op->name);
    Access* const accesses = pending->ReserveAccesses(op->reads.size() + op->writes.size());
    pending->access_count =
        static_cast<uint32_t>(NormaliseAccesses(op->reads, op->writes, accesses, pending->keys()));
    pending->priority = op->priority;
    if (op->priority != 0) ready_.Expect();
  } catch (...) {
    pool_.Give(pending);
    throw;
  }
  for (Access& access : pending->accesses()) access.op = pending;
  pending->deletes_var = false;
  pending->deadline_ns = DeadlineFromNow(op->timeout_ns);
  pending->scope = op->scope;
  pending->body = std::move(op->body);
  return pending;
}

Result<ProgramPtr> ThreadedEngine::Capture(Recording recording) {
  AwaitFirstCall();
  if (epochs_.closed()) return Status(StatusCode::kStopped, "Capture after Stop");
  if (recording.has_deadlines()) TENTER_RETURN_IF_ERROR(deadlines_.Start());
  return MakeProgram(this, std::move(recording), &programs_);
}

Result<uint64_t> ThreadedEngine::Replay(const ProgramPtr& program, FailureScope* scope) {
  bulks_.FlushMine();
  ForkGateLock inside(gate_);
  PendingOp* op;
  try {
    if (static_cast<const CapturedProgram&>(*program).lost_by_fork())
      return Status(StatusCode::kUnsupported,
                    "a replay of a program, the completion of one of whose ops a fork lost");
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = "replay");
    op = replays_.Prepare(program, scope);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor("a replay");
  }
  return Enqueue(op, program->size());
}

Result<uint64_t> ThreadedEngine::Enqueue(PendingOp* op, uint64_t numbers) {
  const uint64_t push_number = TryEnqueue(op, numbers, ReadyOps::Wake::kNow);
  if (push_number != 0) return push_number;
  Status why = dependencies_.WhyRefused(op);
  GiveBack(op);
  return why;
}

// Takes `numbers` push numbers and returns the first, or zero when the op is refused: then it is
// still the caller's.
uint64_t ThreadedEngine::TryEnqueue(PendingOp* op, uint64_t numbers, ReadyOps::Wake wake) {
  FailureScope* const scope = op->scope;
  if (scope != nullptr) scope->Enter(numbers);
  bool ready = false;
  const uint64_t push_number = dependencies_.Enqueue(op, numbers, &ready);
  if (ready) ready_.Add(op, wake);
  if (push_number == 0) LeaveScope(scope, numbers);
  return push_number;
}

void ThreadedEngine::GiveBack(PendingOp* op) {
  op->role = PendingOp::Role::kSingle;
  if (op->priority != 0) ready_.NoLongerExpected();
  op->body.Reset();
  pool_.Give(op);
}

}  // namespace tenter
