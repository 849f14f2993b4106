#include "fuzz/engine/run/execution.h"

#include <algorithm>

#include "fuzz/engine/program/timeouts.h"
#include "fuzz/engine/run/drain.h"
#include "fuzz/engine/run/look.h"
#include "fuzz/engine/run/pushers.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {

Execution::Execution(const Program& program, const Tools& tools, uint64_t round, Notes& notes,
                     std::unique_ptr<Engine> engine)
    : program_(program),
      tools_(tools),
      round_(round),
      notes_(notes),
      letters_([engine = engine.get()] { return engine->NewVar(); }),
      scopes_(*engine, program),
      rounds_(program),
      bodies_(program, round, tools, notes,
              [this](int op, const HandlesPtr& handles) {
                RunActor({true, op}, &handles);
              }),
      pushes_(program, *engine, notes, bodies_, scopes_),
      engine_(std::move(engine)) {
  const Status begun = letters_.Begin(program);
  TENTER_CHECK(begun.ok(), begun.message());
}

void Execution::Run() {
  tools_.watchdog->SetDescribe([engine = engine_.get()] { return engine->Describe(); });
  RunThreads();
  if (crowd_ != nullptr) EndCrowd();
  Drain(program_, *engine_, tools_, notes_).Run(bodies_, letters_, scopes_, pushes_.captured());
  if (crowd_ != nullptr) notes_.history().crowd = crowd_->Seen();
  if (!tools_.InChild()) tools_.watchdog->SetDescribe(nullptr);
  pushes_.Clear();
  scopes_.Clear();
  engine_.reset();
}

void Execution::RunThreads() {
  if (program_.gated && program_.workers > 0) PushGate();
  if (program_.crowd > 0) {
    crowd_ = std::make_unique<Crowd>(*engine_, program_.crowd, CombineHash(program_.noise, round_));
    crowd_->Start();
  }
  RunPushers(program_, [this](int number) { RunPusher(number); });
  gate_.Open();
}

// In the child of a fork its threads do not exist, and cannot be joined.
void Execution::EndCrowd() {
  if (!tools_.InChild()) return crowd_->End();
  static_cast<void>(crowd_.release());
  notes_.history().crowd.cut_off = true;
}

void Execution::RunPusher(int number) {
  RunActor({false, number}, nullptr);
  pushes_.EndBulks(number);
}

// The rest of the program is pushed while this op holds the only worker.
void Execution::PushGate() {
  Op op{.name = "gate"};
  op.body = [this](const OpContext&) {
    held_.Open();
    gate_.Wait();
  };
  engine_->Push(std::move(op)).value();
  held_.Wait();
}

// `handles`: what the letters mean to a body; a pusher, with null, uses what they mean now.
void Execution::RunActor(Actor actor, const HandlesPtr* handles) {
  for (size_t i = 0; i < program_.statements.size(); ++i)
    if (program_.statements[i].actor == actor)
      RunStatement(i, handles != nullptr ? *handles : letters_.now());
}

void Execution::RunStatement(size_t index, const HandlesPtr& handles) {
  const Verb verb = program_.statements[index].verb;
  // What may wait for ops opens the gate first: none of them ends before.
  if (verb != Verb::kPush && verb != Verb::kDelete && verb != Verb::kReplay &&
      verb != Verb::kCancel && verb != Verb::kTimeout && verb != Verb::kLook)
    gate_.Open();
  StatementSeen& seen = notes_.statement(index);
  seen.handles = *handles;
  seen.begun_ns = NowNs();
  seen.span.begin = notes_.Stamp();
  Do(index, handles, &seen);
  seen.span.end = notes_.Stamp();
  seen.ended_ns = NowNs();
}

void Execution::Do(size_t index, const HandlesPtr& handles, StatementSeen* seen) {
  const Statement& s = program_.statements[index];
  switch (s.verb) {
    case Verb::kPush:
      return pushes_.Push(index, handles);
    case Verb::kReplay:
      return pushes_.Replay(index);
    case Verb::kDelete:
      seen->code = engine_->DeleteVar((*handles)[s.var].var, bodies_.DeleterOf(index)).code();
      return;
    case Verb::kNew:
      seen->code = letters_.New(s.var);
      seen->handles = *letters_.now();
      return;
    case Verb::kWait:
      return Wait((*handles)[s.var], &seen->var);
    case Verb::kWaitAll:
      return LookAtAll(*engine_, &seen->reported, &seen->caught);
    case Verb::kLook:
      seen->looked = LookAtEngine(*engine_);
      return;
    case Verb::kRounds:
      return rounds_.Run(*engine_, index, s.rounds, CombineHash(program_.noise + round_, index),
                         seen);
    case Verb::kStop:
      if (StopsWithCancel(s)) LetBodiesBegin(index);
      seen->code = engine_->Stop(s.mode).code();
      if (!s.actor.is_op) seen->live_after_stop = static_cast<int64_t>(engine_->counts().live_ops);
      return;
    case Verb::kAwait:
      return LookAtScope(*scopes_.Find(s.scope), &seen->reported, &seen->caught);
    case Verb::kCancel:
      LetBodiesBegin(index);
      return scopes_.Find(s.scope)->Cancel();
    case Verb::kTimeout:
      return SetTimeout(index, seen);
    case Verb::kExpired:
      // In the child of a fork no time passes before the engine is called.
      if (tools_.InChild()) static_cast<void>(engine_->counts());
      // Half the limit of the case: then the deadline counts as forgotten, and not the case as
      // hanging.
      seen->expired = scopes_.AwaitCancelled(s.scope, NowNs() + tools_.watchdog->limit_ns() / 2);
      return;
    case Verb::kFork:
      if (tools_.forks != nullptr) tools_.forks->Fork();
      return;
  }
}

// Those that block until this statement cancels them: in some rounds they have time for it.
void Execution::LetBodiesBegin(size_t index) const {
  const Statement& s = program_.statements[index];
  const auto awaits = [&](const Statement& push) {
    return push.blocks && (StopsWithCancel(s) || push.scope == s.scope);
  };
  const int64_t delay_ns = ScopeTimeoutNs(program_.noise + round_, index);
  if (!s.actor.is_op && delay_ns % 2 == 0 &&
      std::any_of(program_.statements.begin(), program_.statements.end(), awaits))
    SleepNs(delay_ns);
}

void Execution::SetTimeout(size_t index, StatementSeen* seen) {
  const Statement& s = program_.statements[index];
  // A fork takes longer than most of these times, and some deadlines are to be there when it comes.
  const int64_t soon_ns =
      ScopeTimeoutNs(program_.noise + round_, index) * (Has(program_, Verb::kFork) ? 20 : 1);
  const int64_t timeout_ns = s.far_deadline ? kFarNs : soon_ns;
  seen->code = scopes_.Find(s.scope)->SetTimeout(timeout_ns).code();
}

void Execution::Wait(const Handle& handle, VarSeen* seen) {
  LookAtVar(
      *engine_, handle.var, [this] { return notes_.Stamp(); }, seen);
  // Where nobody else pushes, nobody writes the var now.
  if (IsSequential(program_) && seen->caught.what == Caught::What::kNothing)
    bodies_.ReadValue(handle.instance, seen);
}

}  // namespace tenter::fuzz
