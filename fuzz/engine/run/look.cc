#include "fuzz/engine/run/look.h"

#include "fuzz/engine/ends/planned.h"

namespace tenter::fuzz {
namespace {

FailureSeen Describe(const Failure& failure) {
  FailureSeen seen{.push_number = failure.push_number(),
                   .op = failure.op(),
                   .thread = failure.thread(),
                   .place = failure.place(),
                   .caught = {},
                   .chain = {}};
  try {
    failure.thrown().Rethrow();
  } catch (...) {
    seen.caught = Identify();
  }
  for (const PoisonedOp& op : failure.Chain()) seen.chain.emplace_back(op.push_number, op.name);
  if (seen.chain.size() == Failure::kChainKept) seen.chain.resize(failure.chain_length());
  return seen;
}

}  // namespace

void LookAtVar(Engine& engine, Var var, const std::function<int64_t()>& stamp, VarSeen* seen) {
  seen->await.begin = stamp();
  const Result<PoisonPtr> poison = engine.AwaitVar(var);
  seen->await.end = stamp();
  if (!poison.ok()) seen->code = poison.status().code();
  if (poison.ok() && *poison != nullptr)
    for (const FailurePtr& failure : (*poison)->all()) seen->failures.push_back(Describe(*failure));
  seen->wait.begin = stamp();
  try {
    engine.WaitForVar(var);
    seen->wait.end = stamp();
  } catch (...) {
    seen->wait.end = stamp();
    seen->caught = Identify();
    const FailurePtr failure = engine.FailureOf(std::current_exception());
    seen->has_context = failure != nullptr;
    if (failure != nullptr) seen->context = Describe(*failure);
  }
}

void LookAtAll(Engine& engine, std::vector<FailureSeen>* reported, Caught* caught) {
  try {
    engine.WaitForAll();
  } catch (const AggregateError& error) {
    for (const FailurePtr& failure : error.failures()) reported->push_back(Describe(*failure));
    reported->resize(reported->size() + error.more());
  } catch (...) {
    *caught = Identify();
  }
}

std::vector<LookedOp> LookAtEngine(const Engine& engine) {
  const EngineSnapshot snapshot = engine.Snapshot();
  TENTER_CHECK(!snapshot.ToText().empty(), "an engine says nothing of itself");
  static_cast<void>(engine.counts());
  if (const FailurePtr last = engine.LastFailure(); last != nullptr) {
    Describe(*last);
    static_cast<void>(last->Chain());
  }
  std::vector<LookedOp> looked;
  for (const EngineSnapshot::Op& op : snapshot.ops)
    looked.push_back({.name = op.name,
                      .number = op.push_number,
                      .has_started = op.state != "waits" && op.state != "is ready",
                      .waits_for = op.waits_for});
  return looked;
}

void LookAtScope(FailureScope& scope, std::vector<FailureSeen>* reported, Caught* caught) {
  try {
    const Result<FailureReport> report = scope.Await();
    if (!report.ok()) throw StatusError(report.status());
    for (const FailurePtr& failure : report->failures) reported->push_back(Describe(*failure));
    reported->resize(reported->size() + report->more);
  } catch (...) {
    *caught = Identify();
  }
}

}  // namespace tenter::fuzz
