#include "runtime/cached_op/plan_ops.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tenter {
namespace {

using Indices = std::vector<size_t>;

// Which step has to wait for which, by the slots that they share: neighbours only, so what they
// wait for themselves is not repeated.
struct Links {
  std::vector<Indices> before;  // per step: those that it waits for, each once
  std::vector<Indices> after;   // per step: those that wait for it, each once
};

Links LinksOf(const StepOrder& order) {
  const std::vector<StepSlots>& steps = order.steps;
  Links links{std::vector<Indices>(steps.size()), std::vector<Indices>(steps.size())};
  std::vector<Indices> writer(order.slots);   // none or one: the last that wrote
  std::vector<Indices> readers(order.slots);  // since then
  for (size_t i = 0; i < steps.size(); ++i) {
    Indices& before = links.before[i];
    const auto wait_for = [&](const Indices& others) {
      for (const size_t other : others)
        if (other != i) before.push_back(other);
    };
    for (const int slot : steps[i].reads) wait_for(writer[slot]);
    for (const int slot : steps[i].writes) wait_for(writer[slot]), wait_for(readers[slot]);
    for (const int slot : steps[i].reads) readers[slot].push_back(i);
    for (const int slot : steps[i].writes) writer[slot] = {i}, readers[slot].clear();
    std::sort(before.begin(), before.end());
    before.erase(std::unique(before.begin(), before.end()), before.end());
    for (const size_t other : before) links.after[other].push_back(i);
  }
  return links;
}

// Per step: whether it comes behind all the steps before it. All that nobody waits for among the
// first i steps are then waited for by step i itself.
std::vector<bool> BehindAll(const std::vector<Indices>& waits_for) {
  std::vector<bool> behind_all, awaited;
  size_t loose = 0;  // steps so far that nobody waits for
  for (const Indices& before : waits_for) {
    for (const size_t other : before) {
      loose -= awaited[other] ? 0 : 1;
      awaited[other] = true;
    }
    behind_all.push_back(loose == 0);
    awaited.push_back(false);
    ++loose;
  }
  return behind_all;
}

// The links from the other end: step i becomes step n-1-i.
std::vector<Indices> Reversed(const std::vector<Indices>& of_steps) {
  std::vector<Indices> reversed(of_steps.rbegin(), of_steps.rend());
  for (Indices& others : reversed)
    for (size_t& other : others) other = of_steps.size() - 1 - other;
  return reversed;
}

// Per step: whether nothing could run beside it.
std::vector<bool> Alone(const Links& links) {
  std::vector<bool> alone = BehindAll(links.before);
  const std::vector<bool> before_all = BehindAll(Reversed(links.after));
  for (size_t i = 0; i < alone.size(); ++i) alone[i] = alone[i] && before_all[alone.size() - 1 - i];
  return alone;
}

// Whether the step at `next` can be in one op with the one before it, and nothing is lost: nothing
// could run beside either of them, or they are two links of one chain.
bool Continues(const Links& links, const std::vector<bool>& alone, size_t next) {
  if (alone[next - 1] && alone[next]) return true;
  return links.after[next - 1] == Indices{next} && links.before[next] == Indices{next - 1};
}

// Gives each slot that two ops share a var. The results are shared with the end.
class Vars {
 public:
  Vars(const std::vector<PlanOp>& ops, const StepOrder& order)
      : only_op_(order.slots, kNone), var_(order.slots, -1) {
    for (size_t op = 0; op < ops.size(); ++op)
      for (size_t i = ops[op].first; i < ops[op].end; ++i) {
        for (const int slot : order.steps[i].reads) Touch(slot, op);
        for (const int slot : order.steps[i].writes) Touch(slot, op);
      }
    for (const int slot : order.outputs) Touch(slot, ops.size());
  }

  // Gives the op the vars of what this step of it touches. What an earlier step of the op has
  // written is not read from outside: it must not be taken for a failure of the request before.
  void Add(const StepSlots& step, PlanOp* op) const {
    for (const int slot : step.reads)
      if (!Has(op->writes, var_[slot])) AddOnce(var_[slot], &op->reads);
    for (const int slot : step.writes) AddOnce(var_[slot], &op->writes);
  }
  size_t count() const { return count_; }

 private:
  static constexpr size_t kNone = ~size_t{0};

  static bool Has(const std::vector<int>& vars, int var) {
    return std::find(vars.begin(), vars.end(), var) != vars.end();
  }
  static void AddOnce(int var, std::vector<int>* vars) {
    if (var >= 0 && !Has(*vars, var)) vars->push_back(var);
  }

  void Touch(int slot, size_t op) {
    if (only_op_[slot] == kNone) only_op_[slot] = op;
    if (only_op_[slot] != op && var_[slot] < 0) var_[slot] = static_cast<int>(count_++);
  }

  std::vector<size_t> only_op_;  // per slot: the first op that touches it
  std::vector<int> var_;
  size_t count_ = 0;
};

std::vector<PlanOp> Groups(const StepOrder& order) {
  const Links links = LinksOf(order);
  const std::vector<bool> alone = Alone(links);
  std::vector<PlanOp> ops;
  for (size_t i = 0; i < order.steps.size(); ++i) {
    if (i > 0 && Continues(links, alone, i))
      ops.back().end = i + 1;
    else
      ops.push_back({.name = order.names[i], .first = i, .end = i + 1, .reads = {}, .writes = {}});
  }
  return ops;
}

}  // namespace

std::string_view NameOf(Way way) {
  switch (way) {
    case Way::kSerial:
      return "serial";
    case Way::kInline:
      return "inline";
    case Way::kDataflow:
      return "dataflow";
    case Way::kDirect:
      return "direct";
  }
  return "?";
}

PlanOps GroupSteps(const StepOrder& order, Way way) {
  std::vector<PlanOp> ops;
  const size_t end = order.steps.size();
  if (way == Way::kDataflow) ops = Groups(order);
  if (ops.size() < 2)
    return {{{.name = "request", .first = 0, .end = end, .reads = {}, .writes = {}}}, 0};
  const Vars vars(ops, order);
  for (PlanOp& op : ops)
    for (size_t i = op.first; i < op.end; ++i) vars.Add(order.steps[i], &op);
  PlanOp last{.name = "end of request", .first = end, .end = end, .reads = {}, .writes = {}};
  for (size_t var = 0; var < vars.count(); ++var) last.reads.push_back(static_cast<int>(var));
  ops.push_back(std::move(last));
  return {std::move(ops), vars.count()};
}

}  // namespace tenter
