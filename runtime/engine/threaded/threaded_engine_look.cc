// ThreadedEngine as it looks from outside. An op in the queue of a var cannot end while the var is
// locked, so its name and number are safe to read there; of all others only the words that are
// atomic are read.
#include <algorithm>
#include <map>

#include "runtime/engine/look/signal_text.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {

EngineSnapshot ThreadedEngine::Snapshot() const {
  ForkGateLock inside(gate_);
  EngineSnapshot snapshot{
      .engine = "threaded", .asleep = ready_.parking().asleep(), .gone = ready_.parking().gone()};
  const uint64_t ended_before = ends_.ended();
  snapshot.live_ops = epochs_.pushed() - ended_before;
  snapshot.stopping = epochs_.closed();
  snapshot.waiting_for_all = epochs_.waiters();
  std::map<uint64_t, EngineSnapshot::Op> ops;
  LookAtOps(&ops);
  LookAtWorkers(&ops, &snapshot.workers);
  LookAtVars(&ops, &snapshot.vars);
  for (auto& [number, op] : ops) snapshot.ops.push_back(std::move(op));
  return snapshot;
}

// A worker forgets the op that it runs before its program may be destroyed, which takes the program
// out of the list: so whoever holds the lock of the list may look at what a worker runs.
void ThreadedEngine::LookAtWorkers(std::map<uint64_t, EngineSnapshot::Op>* ops,
                                   std::vector<std::string>* workers) const {
  SmallMutexLock lock(programs_.mutex());
  for (int i = 0; i < workers_.count(); ++i) {
    const PendingOp* const op = workers_.running(i);
    workers->push_back(op == nullptr ? "" : op->PeekName().data());
    if (op == nullptr) continue;
    if (const auto it = ops->find(op->push_number.Load(kRelaxed)); it != ops->end())
      it->second.state = "is running";
  }
}

void ThreadedEngine::LookAtOps(std::map<uint64_t, EngineSnapshot::Op>* ops) const {
  const auto look = [&](const PendingOp& op) {
    const PendingOp::Phase phase = op.phase.Load(kRelaxed);
    if (phase == PendingOp::Phase::kFree) return;
    const uint64_t number = op.push_number.Load(kRelaxed);
    const char* const state = phase == PendingOp::Phase::kWaiting ? "waits"
                              : phase == PendingOp::Phase::kReady ? "is ready"
                                                                  : "waits for its handle";
    (*ops)[number] = {op.PeekName().data(), number, state, {}};
  };
  pool_.ForEach(look);
  programs_.ForEachNode(look);  // a replay and its first op have one number: the op is shown
}

void ThreadedEngine::LookAtVars(std::map<uint64_t, EngineSnapshot::Op>* ops,
                                std::vector<EngineSnapshot::VarUse>* vars) const {
  const uint32_t size = dependencies_.size();
  for (uint32_t index = 0; index < size; ++index) {
    EngineSnapshot::VarUse use{.index = index};
    const PoisonPtr poison = LookAtVar(&use, ops);
    if (poison != nullptr) use.poison = poison->root()->ToString();
    if (use.readers > 0 || use.writing || poison != nullptr) vars->push_back(std::move(use));
  }
}

// Fills `use`; returns the poison, whose text is the user's and is not asked for under the lock.
PoisonPtr ThreadedEngine::LookAtVar(EngineSnapshot::VarUse* use,
                                    std::map<uint64_t, EngineSnapshot::Op>* ops) const {
  VarState& state = dependencies_.Slot(use->index);
  SmallMutexLock lock(state.mutex);
  if (!state.live) return nullptr;
  use->readers = state.queue.readers();
  use->writing = state.queue.writing();
  for (const Access* access = state.queue.head(); access != nullptr; access = access->next) {
    ++use->queued;
    if (access->op == nullptr) continue;
    const uint64_t number = access->op->push_number.Load(kRelaxed);
    EngineSnapshot::Op& op = (*ops)[number];
    op.name = access->op->name();
    op.push_number = number;
    op.state = "waits";
    op.waits_for.push_back(use->index);
  }
  return state.poison;
}

void ThreadedEngine::DumpTo(int fd) const {
  SignalText text(fd);
  text << "threaded engine: " << static_cast<uint64_t>(workers_.count()) << " workers, "
       << epochs_.pushed() - ends_.ended() << " live ops\n";
  for (int i = 0; i < workers_.count(); ++i) DumpWorker(i, &text);
  pool_.ForEach([&](const PendingOp& op) {
    const PendingOp::Phase phase = op.phase.Load(kRelaxed);
    if (phase == PendingOp::Phase::kFree) return;
    text << "  op '" << op.PeekName().data() << "' (push " << op.push_number.Load(kRelaxed)
         << (phase == PendingOp::Phase::kWaiting ? ") waits for "
             : phase == PendingOp::Phase::kReady ? ") is ready, and waits for "
                                                 : ") has started, and waits for ")
         << uint64_t{op.waiting_for.Load(kRelaxed)} << " vars\n";
  });
  for (uint32_t index = 0; index < dependencies_.size(); ++index) DumpVar(index, &text);
}

// The block of an op that was pushed stays; an op of a program may go while it is looked at, unless
// nobody changes the list of programs, perhaps the very thread that the signal interrupted.
void ThreadedEngine::DumpWorker(int worker, SignalText* text) const {
  if (programs_.mutex().TryLock()) {
    DumpRunning(worker, /*programs_stay=*/true, text);
    programs_.mutex().Unlock();
  } else {
    DumpRunning(worker, /*programs_stay=*/false, text);
  }
}

void ThreadedEngine::DumpRunning(int worker, bool programs_stay, SignalText* text) const {
  const PendingOp* const op = workers_.running(worker);
  if (op == nullptr) return;
  *text << "  worker " << static_cast<uint64_t>(worker) << " runs ";
  if (programs_stay || pool_.Owns(op))
    *text << "'" << op->PeekName().data() << "'\n";
  else
    *text << "an op of a captured program\n";
}

// A var that is locked, perhaps by the very thread that the signal interrupted, is only named.
void ThreadedEngine::DumpVar(uint32_t index, SignalText* text) const {
  VarState& state = dependencies_.Slot(index);
  if (!state.mutex.TryLock()) {
    *text << "  v" << uint64_t{index} << " is locked\n";
    return;
  }
  if (!state.queue.idle()) {
    *text << "  v" << uint64_t{index} << ": " << uint64_t{state.queue.readers()} << " readers"
          << (state.queue.writing() ? ", a writer" : "") << "; behind them:";
    for (const Access* access = state.queue.head(); access != nullptr; access = access->next)
      if (access->op == nullptr)
        *text << " a thread";
      else
        *text << " push " << access->op->push_number.Load(kRelaxed);
    *text << "\n";
  }
  state.mutex.Unlock();
}

}  // namespace tenter
