// What an engine tells of its ops when it is looked at (ENG-5, ERR-7, ENG-1).
//
// A look is no moment: ops end and begin while it lasts. So only ops are judged whose state was the
// same from before the look until after it: they wait, or they run. That the stamps of different
// threads say so is true on x86, where each is a full barrier; elsewhere looks are not judged.
#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// When its push had returned, alone, to whoever looked.
bool WasPushedBefore(const Case& c, const Pushed& p, const Span& look) {
  const Statement& s = c.statement(p);
  return !p.deletes && s.bulk == 0 && s.program == 0 && c.seen(p).span.happened() &&
         c.seen(p).span.end < look.begin && c.seen(p).runs == 1;
}
bool Waits(const Case& c, const Pushed& p, const Span& look) {
  return WasPushedBefore(c, p, look) && c.seen(p).body.begin > look.end;
}
bool Runs(const Case& c, const Pushed& p, const Span& look) {
  return WasPushedBefore(c, p, look) && c.seen(p).body.begin < look.begin &&
         c.seen(p).body.end > look.end;
}

const LookedOp* Find(const std::vector<LookedOp>& looked, const Pushed& p) {
  const auto found = std::find_if(looked.begin(), looked.end(),
                                  [&](const LookedOp& op) { return op.number == p.number; });
  return found == looked.end() ? nullptr : &*found;
}

// The var of an instance that the op uses.
uint32_t IndexOf(const Case& c, const Pushed& p, int instance) {
  for (const Handle& handle : c.seen(p).handles)
    if (handle.instance == instance) return handle.var.index;
  return UINT32_MAX;
}

class Look {
 public:
  Look(const Case& c, const std::vector<Pushed>& order, const StatementSeen& seen)
      : c_(c), order_(order), seen_(seen) {}

  void Judge() const {
    for (const Pushed& p : order_) {
      const bool waits = Waits(c_, p, seen_.span);
      if (!waits && !Runs(c_, p, seen_.span)) continue;
      const LookedOp* const op = Find(seen_.looked, p);
      if (op == nullptr)
        return Report("ENG-5", "a look missed an op", p, waits ? "which waited" : "which ran");
      if (op->name != OpName(c_.statement(p).op))
        return Report("ERR-7", "a look named another op", p, "which it called " + op->name);
      if (!waits && !op->has_started)
        return Report("ENG-5", "a look saw a running op wait", p, "which ran");
      if (waits) JudgeWaitsFor(p, *op);
    }
  }

 private:
  // It waits for every var that an op which runs was given before it.
  void JudgeWaitsFor(const Pushed& p, const LookedOp& op) const {
    for (const Pushed& before : order_) {
      if (before.number >= p.number || !Runs(c_, before, seen_.span)) continue;
      for (const int instance : before.writes)
        if (Uses(p, instance) &&
            std::count(op.waits_for.begin(), op.waits_for.end(), IndexOf(c_, p, instance)) == 0)
          return Report("ENG-1", "a look saw an op wait for nothing", p,
                        "which waited for what " + ToText(c_.statement(before)) + " wrote");
    }
  }

  void Report(const char* contract, const char* kind, const Pushed& p,
              const std::string& what) const {
    c_.Report(contract, kind, "a look at the engine: " + ToText(c_.statement(p)) + ", " + what);
  }

  const Case& c_;
  const std::vector<Pushed>& order_;
  const StatementSeen& seen_;
};

}  // namespace

void JudgeLooks(const Case& c, const std::vector<Pushed>& order) {
#if !defined(__x86_64__)
  return;
#endif
  if (c.program.workers == 0) return;  // the naive engine tells of the op that runs
  for (size_t i = 0; i < c.program.statements.size() && c.findings.empty(); ++i)
    if (c.program.statements[i].verb == Verb::kLook && c.history.statements[i].span.happened())
      Look(c, order, c.history.statements[i]).Judge();
}

}  // namespace tenter::fuzz
