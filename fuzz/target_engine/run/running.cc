#include "fuzz/target_engine/run/running.h"

#include "fuzz/engine/run/pushers.h"

namespace tenter::fuzz::target_engine {
namespace {

constexpr int kRounds = 2;  // of the last waits: what is told once must not be told again

}  // namespace

Running::Running(const Program& program, const TargetInstance& target, Watchdog* watchdog,
                 Notes* notes, TargetHistory* history)
    : program_(program),
      sequential_(IsSequential(program)),
      error_rule_(target.table().error_rule),
      watchdog_(*watchdog),
      notes_(*notes),
      history_(*history),
      engine_(target),
      letters_([this] { return engine_.NewVar(); }),
      bodies_(program, engine_, *notes, [this](int op, const HandlesPtr& handles) {
        RunActor({true, op}, &handles);
      }) {
  history_.var_waits.resize(program.statements.size());
  history_.all_waits.resize(program.statements.size());
}

void Running::Run() {
  history_.created = engine_.Create(program_);
  if (history_.created.code != TGT_OK) return;
  watchdog_.SetDescribe([this] { return engine_.Describe(); });
  notes_.history().construction = letters_.Begin(program_).code();
  if (notes_.history().construction == StatusCode::kOk) {
    RunPushers(program_, [this](int number) { RunActor({false, number}, nullptr); });
    Drain();
  }
  watchdog_.SetDescribe(nullptr);
  history_.freed = engine_.Free();
  history_.releases = bodies_.releases();
}

// `handles`: what the letters mean to a body; a pusher, with null, uses what they mean now.
void Running::RunActor(Actor actor, const HandlesPtr* handles) {
  for (size_t i = 0; i < program_.statements.size(); ++i)
    if (program_.statements[i].actor == actor)
      RunStatement(i, handles != nullptr ? *handles : letters_.now());
}

void Running::RunStatement(size_t index, const HandlesPtr& handles) {
  StatementSeen& seen = notes_.statement(index);
  seen.handles = *handles;
  seen.span.begin = notes_.Stamp();
  Do(index, handles, &seen);
  seen.span.end = notes_.Stamp();
}

void Running::Do(size_t index, const HandlesPtr& handles, StatementSeen* seen) {
  const Statement& s = program_.statements[index];
  switch (s.verb) {
    case Verb::kPush:
      return bodies_.Push(index, handles);
    case Verb::kDelete:
      seen->code = engine_.DeleteVar((*handles)[s.var].var);
      return;
    case Verb::kNew:
      seen->code = letters_.New(s.var);
      seen->handles = *letters_.now();
      return;
    case Verb::kWait:
      return WaitFor((*handles)[s.var], sequential_ && !s.actor.is_op, &history_.var_waits[index]);
    case Verb::kWaitAll:
      return WaitForAll(&history_.all_waits[index]);
    case Verb::kLook:
      return engine_.Look();
    case Verb::kStop:
      return Stop(s, seen);
    default:
      TENTER_CHECK(false, "a statement for which the interface has no word");
  }
}

void Running::Stop(const Statement& s, StatementSeen* seen) {
  seen->code = CodeOf(engine_.Stop(s.mode).code);
  if (!s.actor.is_op) seen->live_after_stop = static_cast<int64_t>(engine_.Counts().live_ops);
}

void Running::WaitFor(const Handle& handle, bool nobody_writes, VarWait* wait) {
  wait->instance = handle.instance;
  wait->span.begin = notes_.Stamp();
  wait->answer = engine_.Wait(handle.var);
  wait->span.end = notes_.Stamp();
  wait->has_value = nobody_writes && handle.instance >= 0 && wait->answer.code != TGT_STALE_HANDLE;
  if (wait->has_value) wait->value = bodies_.Value(handle.instance);
}

void Running::WaitForAll(AllWait* wait) {
  wait->span.begin = notes_.Stamp();
  wait->answer = engine_.WaitForAll(program_.statements.size(), &wait->failures);
  wait->span.end = notes_.Stamp();
}

void Running::Drain() {
  AwaitEnds();
  for (int round = 0; round < kRounds; ++round) LookAtVars();
  for (int round = 0; round < kRounds; ++round) WaitForAll(&history_.last_all_waits.emplace_back());
  history_.stopped = engine_.Stop(StopMode::kDrain);
  notes_.history().counts = engine_.Counts();
}

// Bodies may push until the last op has ended. What is told once must be left for the waits for
// vars to tell: then no wait for all comes before those.
void Running::AwaitEnds() {
  if (error_rule_ == TGT_ERRORS_ONCE) {
    while (engine_.Counts().live_ops > 0) SleepNs(1);
    return;
  }
  do WaitForAll(&history_.last_all_waits.emplace_back());
  while (engine_.Counts().live_ops > 0);
}

void Running::LookAtVars() {
  const std::vector<Handle>& instances = letters_.instances();
  std::vector<VarWait>& waits = history_.last_var_waits.emplace_back(instances.size());
  for (size_t i = 0; i < instances.size(); ++i) WaitFor(instances[i], true, &waits[i]);
  notes_.history().final_vars.resize(instances.size());  // so many instances there were
}

}  // namespace tenter::fuzz::target_engine
