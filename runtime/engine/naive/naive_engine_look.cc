// NaiveEngine as it looks from outside. Nothing here takes the turn.
#include "runtime/engine/look/signal_text.h"
#include "runtime/engine/naive/naive_engine.h"

namespace tenter {

FailurePtr NaiveEngine::FailureOf(const std::exception_ptr& exception) const {
  return failures_.Find(exception);
}

FailurePtr NaiveEngine::LastFailure() const { return failures_.Last(); }

EngineCounts NaiveEngine::counts() const {
  const uint64_t ended = tally_.ended[0].Load(kAcquire);
  EngineCounts counts{.pushed = pushed_.Load(kAcquire),
                      .ran = tally_.ran.Load(kAcquire),
                      .failed = tally_.failed.Load(kAcquire),
                      .skipped = tally_.skipped.Load(kAcquire),
                      .cancelled = tally_.cancelled.Load(kAcquire)};
  counts.live_ops = counts.pushed - ended;
  counts.live_vars = vars_.live();
  return counts;
}

void NaiveEngine::DumpTo(int fd) const {
  SignalText text(fd);
  text << "naive engine: " << pushed_.Load(kAcquire) - tally_.ended[0].Load(kAcquire)
       << " live ops\n";
  if (const uint64_t number = running_number_.Load(kAcquire); number != 0)
    text << "  op '" << running_.Peek().data() << "' (push " << number << ") is running\n";
}

EngineSnapshot NaiveEngine::Snapshot() const {
  EngineSnapshot snapshot{.engine = "naive", .stopping = stopping_.Load(kAcquire)};
  snapshot.live_ops = pushed_.Load(kAcquire) - tally_.ended[0].Load(kAcquire);
  if (const uint64_t number = running_number_.Load(kAcquire); number != 0)
    snapshot.ops.push_back({running_.Peek().data(), number, "is running", {}});
  for (uint32_t index = 0; index < vars_.size(); ++index) {
    NaiveVar& var = vars_.Slot(index);
    PoisonPtr poison;
    {
      SmallMutexLock lock(var.mutex);
      poison = var.poison;
    }
    if (poison != nullptr)
      snapshot.vars.push_back({.index = index, .poison = poison->root()->ToString()});
  }
  return snapshot;
}

}  // namespace tenter
