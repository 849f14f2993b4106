#include "fuzz/run/execute.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>

#include "fuzz/program/values.h"
#include "fuzz/run/captured.h"
#include "fuzz/run/counted.h"
#include "fuzz/run/look.h"
#include "fuzz/run/noise.h"
#include "fuzz/run/planned.h"
#include "fuzz/run/start_line.h"
#include "runtime/base/gate.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {
namespace {

int CountThreads() {
  int threads = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    ++threads;
  return threads;
}
// A joined thread may be listed for a moment longer.
int ThreadsLeft(int before) {
  const int64_t deadline = NowNs() + kNsPerSecond;
  while (CountThreads() > before && NowNs() < deadline) SleepNs(1);
  return CountThreads() - before;
}

class Execution {
 public:
  Execution(const Program& program, const Tools& tools, uint64_t round)
      : program_(program),
        tools_(tools),
        round_(round),
        noise_(program, round),
        captured_(program) {
    history_.statements.resize(program.statements.size());
    for (size_t i = 0; i < program.statements.size(); ++i)
      if (const int number = program.statements[i].program; number != 0)
        history_.statements[i].replays.resize(Replays(program, number) + kSpareRuns);
    values_.resize(program.vars + program.statements.size());
    for (size_t i = 0; i < values_.size(); ++i) values_[i] = InitialValue(static_cast<int>(i));
  }

  History Run() {
    const int64_t planned_before = LivePlanned();
    const int threads_before = program_.failing_worker < 0 ? 0 : CountThreads();
    tools_.watchdog->Begin();
    try {
      engine_ = MakeEngine(Options());
    } catch (const StatusError& error) {
      history_.construction = error.status().code();
      history_.live_workers_left = ThreadsLeft(threads_before);
      tools_.watchdog->End();
      return std::move(history_);
    }
    tools_.watchdog->SetEngine(engine_.get());
    auto handles = std::make_shared<Handles>(static_cast<size_t>(kLetters));
    for (int i = 0; i < program_.vars; ++i) (*handles)[i] = {engine_->NewVar().value(), i};
    instances_.assign(handles->begin(), handles->begin() + program_.vars);
    handles_ = std::move(handles);
    for (const Statement& s : program_.statements)
      if (s.scope != 0 && scopes_[s.scope] == nullptr)
        scopes_[s.scope] = engine_->NewScope().value();
    RunThreads();
    Drain();
    if (!InChild()) tools_.watchdog->SetEngine(nullptr);
    captured_.Clear();
    scopes_.clear();
    engine_.reset();
    DropUnusedRuns();
    // The history keeps no exception, so that whatever is left is a leak of the engine.
    history_.bodies_left = bodies_.Load(kAcquire);
    history_.exceptions_left = LivePlanned() - planned_before;
    if (!InChild()) tools_.watchdog->End();
    return std::move(history_);
  }

 private:
  static constexpr int kLetters = 26;
  static constexpr int64_t kIdleNs = 20 * kNsPerUs;
  static constexpr int kSpareRuns = 2;                    // of an engine that runs too often
  static constexpr int64_t kSoonNs = 100 * kNsPerUs;      // the deadline of a held op
  static constexpr int64_t kFarNs = 3600 * kNsPerSecond;  // one that does not pass
  using HandlesPtr = std::shared_ptr<const Handles>;

  // There the watchdog has no thread, and perhaps somebody holds its lock for ever.
  bool InChild() const { return tools_.forks != nullptr && tools_.forks->in_child(); }

  EngineOptions Options() {
    EngineOptions options{
        .workers = program_.workers, .error_policy = program_.policy, .probe = &noise_};
    if (program_.idle) {
      options.spin_ns = 0;
      options.idle_ns = kIdleNs;
    }
    return options;
  }
  int64_t Stamp() { return stamps_.FetchAdd(1, kRelaxed) + 1; }

  void RunThreads() {
    if (program_.gated && program_.workers > 0) PushGate();
    std::vector<int> numbers;
    for (const Statement& s : program_.statements)
      if (!s.actor.is_op &&
          std::find(numbers.begin(), numbers.end(), s.actor.number) == numbers.end())
        numbers.push_back(s.actor.number);
    if (numbers.size() <= 1) {
      RunActor({false, numbers.empty() ? 0 : numbers[0]}, handles_);
      bulks_.clear();  // what they still hold is pushed
    } else {
      StartLine start(static_cast<int>(numbers.size()));
      std::deque<Thread> threads;
      for (const int number : numbers)
        TENTER_CHECK(threads.emplace_back()
                         .Start("pusher",
                                [this, number, &start] {
                                  start.Wait();
                                  RunActor({false, number}, handles_);
                                })
                         .ok(),
                     "no thread for a pusher");
      for (Thread& thread : threads) thread.Join();
    }
    gate_.Open();
  }

  // The rest of the program is pushed while this op holds the only worker.
  void PushGate() {
    Op op{.name = "gate"};
    op.body = [this](const OpContext&) {
      held_.Open();
      gate_.Wait();
    };
    engine_->Push(std::move(op)).value();
    held_.Wait();
  }

  void RunActor(Actor actor, const HandlesPtr& handles) {
    for (size_t i = 0; i < program_.statements.size(); ++i)
      if (program_.statements[i].actor == actor) RunStatement(i, actor.is_op ? handles : handles_);
  }

  void RunStatement(size_t index, const HandlesPtr& handles) {
    const Statement& s = program_.statements[index];
    StatementSeen& seen = history_.statements[index];
    if (s.verb != Verb::kPush && s.verb != Verb::kDelete && s.verb != Verb::kReplay &&
        s.verb != Verb::kCancel)
      gate_.Open();
    seen.handles = *handles;
    seen.span.begin = Stamp();
    switch (s.verb) {
      case Verb::kPush:
        Push(index, handles);
        break;
      case Verb::kReplay:
        Note(captured_.Replay(*engine_, s.program, index), &seen);
        break;
      case Verb::kDelete:
        seen.code = engine_->DeleteVar((*handles)[s.var].var, Deleter(index)).code();
        break;
      case Verb::kNew:
        New(s, &seen);
        break;
      case Verb::kWait:
        LookAtVar(
            *engine_, (*handles)[s.var].var, [this] { return Stamp(); }, &seen.var);
        if (IsSequential(program_) && seen.var.caught.what == Caught::What::kNothing)
          ReadValue((*handles)[s.var].instance, &seen.var);
        break;
      case Verb::kWaitAll:
        LookAtAll(*engine_, &seen.reported, &seen.caught);
        break;
      case Verb::kStop:
        seen.code = engine_->Stop(s.mode).code();
        if (!s.actor.is_op) seen.live_after_stop = static_cast<int64_t>(engine_->counts().live_ops);
        break;
      case Verb::kAwait:
        LookAtScope(*scopes_.at(s.scope), &seen.reported, &seen.caught);
        break;
      case Verb::kCancel:
        scopes_.at(s.scope)->Cancel();
        break;
      case Verb::kFork:
        if (tools_.forks != nullptr) tools_.forks->Fork();
        break;
    }
    seen.span.end = Stamp();
  }

  void Push(size_t index, const HandlesPtr& handles) {
    const Statement& s = program_.statements[index];
    std::vector<Var> reads, writes;
    for (const int letter : s.reads) reads.push_back((*handles)[letter].var);
    for (const int letter : s.writes) writes.push_back((*handles)[letter].var);
    const std::string name = OpName(s.op);
    Op op{.name = name, .reads = reads, .writes = writes, .priority = s.priority};
    if (s.far_deadline) op.timeout_ns = kFarNs;
    if (s.ends == Ends::kHeld || Races(s)) op.timeout_ns = kSoonNs;
    jobs_[index].deadline_ns = NowNs() + kSoonNs;
    if (s.scope != 0) op.scope = scopes_.at(s.scope).get();
    op.body = MakeBody(index, handles);
    if (s.program != 0) return captured_.Record(s.program, std::move(op));
    if (s.bulk != 0) return PushInBulk(s.bulk, std::move(op), &history_.statements[index]);
    Note(engine_->Push(std::move(op)), &history_.statements[index]);
  }
  // A case has one bulk of each size; one of one size only is drawn.
  void PushInBulk(int size, Op&& op, StatementSeen* seen) {
    std::unique_ptr<Bulk>& bulk = bulks_[size];
    if (bulk == nullptr) bulk = engine_->NewBulk(static_cast<size_t>(size));
    seen->code = bulk->Push(std::move(op)).code();
  }
  static void Note(const Result<uint64_t>& pushed, StatementSeen* seen) {
    if (pushed.ok())
      seen->push_number = *pushed;
    else
      seen->code = pushed.status().code();
  }

  OpBody MakeBody(size_t index, const HandlesPtr& handles) {
    const Statement& s = program_.statements[index];
    // A captured program keeps its bodies.
    if (s.ends == Ends::kSync)
      return [this, index, handles, counted = Counted(s.program == 0 ? &sync_bodies_ : &bodies_)](
                 const OpContext& context) { Body(index, handles, context); };
    return [this, index, handles, counted = Counted(&bodies_)](const OpContext& context,
                                                               Completion done) {
      AsyncBody(index, handles, context, std::move(done));
    };
  }

  void New(const Statement& s, StatementSeen* seen) {
    const Result<Var> var = engine_->NewVar();
    seen->code = var.ok() ? StatusCode::kOk : var.status().code();
    if (!var.ok()) return;
    auto handles = std::make_shared<Handles>(*handles_);
    (*handles)[s.var] = {*var, static_cast<int>(instances_.size())};
    instances_.push_back((*handles)[s.var]);
    handles_ = std::move(handles);
    seen->handles = *handles_;
  }

  // Where a run of this body is written down.
  RunSeen* NewRun(size_t index) {
    StatementSeen& seen = history_.statements[index];
    if (program_.statements[index].program == 0) return &seen;
    const size_t run = static_cast<size_t>(runs_[index].FetchAdd(1, kRelaxed));
    return &seen.replays[std::min(run, seen.replays.size() - 1)];
  }

  // The part of a body that every op has; throws when the op is to fail here.
  RunSeen* Begin(size_t index, const HandlesPtr& handles, const OpContext& context) {
    const Statement& s = program_.statements[index];
    RunSeen* const run = NewRun(index);
    ++run->runs;
    run->number = context.push_number;
    run->body.begin = Stamp();
    RunActor({true, s.op}, handles);
    run->values_read.clear();
    for (const int instance : Instances(s.reads, *handles))
      run->values_read.push_back(values_[instance]);
    if (s.throws == Type::kNone) return run;
    run->body.end = Stamp();
    ThrowPlanned(s.throws, s.op);
  }
  // Writes the values of an op that succeeds, and ends its span.
  void Finish(size_t index, RunSeen* run) {
    const Statement& s = program_.statements[index];
    if (s.fails == Type::kNone && s.ends != Ends::kNever && s.ends != Ends::kDropped)
      for (const int instance : Instances(s.writes, history_.statements[index].handles))
        values_[instance] = ValueOf(s, run->number, run->values_read);
    run->body.end = Stamp();
  }

  void Body(size_t index, const HandlesPtr& handles, const OpContext& context) {
    RunSeen* const run = Begin(index, handles, context);
    if (program_.statements[index].blocks) AwaitCancel(context.cancel);
    run->cancel_seen = context.cancel.requested();
    Finish(index, run);
  }
  static void AwaitCancel(const CancelToken& token) {
    Gate cancelled;
    const CancelCallback wake(token, [&] { cancelled.Open(); });
    cancelled.Wait();
  }

  void AsyncBody(size_t index, const HandlesPtr& handles, const OpContext& context,
                 Completion done) {
    const Statement& s = program_.statements[index];
    if (s.ends == Ends::kHeld) return Hold(std::move(done));
    if (Races(s)) return Race(index, std::move(done));
    RunSeen* const run = Begin(index, handles, context);
    if (s.ends == Ends::kLater || s.ends == Ends::kDropped) {
      jobs_[index] = {this, index, run, 0};
      tools_.completers->Add(
          std::move(done),
          [](void* context, Completion handle) {
            const Job& job = *static_cast<Job*>(context);
            job.execution->Complete(job.index, job.run, std::move(handle));
          },
          &jobs_[index]);
      return;
    }
    run->throws_late = s.ends == Ends::kNow && s.throws_after != Type::kNone;
    const Type late = s.throws_after;
    const int op = s.op;
    const bool now = s.ends == Ends::kNow;
    Complete(index, run, std::move(done));
    if (now && late != Type::kNone) ThrowPlanned(late, op);
  }

  // Handle, deadline and the exception of the body meet within a few microseconds. Whoever comes
  // first ends the op, so none of them touches what others may use then.
  void Race(size_t index, Completion done) {
    const Statement& s = program_.statements[index];
    NewRun(index)->raced = true;
    Job* const job = &jobs_[index];
    job->execution = this;
    job->index = index;
    const int64_t deadline_ns = job->deadline_ns;
    tools_.racers->Add(
        std::move(done), deadline_ns + Jitter(index, 1),
        [](void* context, Completion handle) {
          const Job& job = *static_cast<Job*>(context);
          const Statement& s = job.execution->program_.statements[job.index];
          if (s.ends == Ends::kRaces) UseHandle(s, std::move(handle));
        },
        job);
    if (s.throws_after == Type::kNone) return;
    const Type type = s.throws_after;
    const int op = s.op;
    SpinUntil(deadline_ns + Jitter(index, 2));
    ThrowPlanned(type, op);
  }
  // The system takes some 50 us to wake the thread that watches deadlines.
  int64_t Jitter(size_t index, uint64_t salt) const {
    const uint64_t hash = CombineHash(CombineHash(program_.noise + round_, index), salt);
    return static_cast<int64_t>(hash % 60000) - 3000;
  }

  // The deadline ends this op, perhaps before its body has begun: the body touches nothing that
  // others may use then.
  void Hold(Completion done) {
    MutexLock lock(holding_);
    if (holds_nothing_more_) return;  // dropped: a body that began even later
    holds_.push_back(std::move(done));
  }
  // Much too late: every other handle is called, the rest are dropped.
  void UseHeld() {
    std::deque<Completion> held;
    {
      MutexLock lock(holding_);
      held.swap(holds_);
      holds_nothing_more_ = true;
    }
    for (size_t i = 1; i < held.size(); i += 2) held[i].Done();
  }

  void Complete(size_t index, RunSeen* run, Completion handle) {
    const Statement& s = program_.statements[index];
    Finish(index, run);
    if (s.ends == Ends::kNever || s.ends == Ends::kDropped) return;
    UseHandle(s, std::move(handle));
  }
  static void UseHandle(const Statement& s, Completion handle) {
    if (s.fails == Type::kNone)
      handle.Done();
    else if (s.fails == Type::kStatus)
      handle.Fail(PlannedStatus(s.op));
    else
      handle.Fail(MakePlanned(s.fails, s.op));
  }

  std::function<void()> Deleter(size_t index) {
    return [this, index, counted = Counted(&sync_bodies_)] {
      const Statement& s = program_.statements[index];
      StatementSeen& seen = history_.statements[index];
      ++seen.runs;
      seen.body.begin = Stamp();
      const int instance = seen.handles[s.var].instance;
      values_[instance] = kTombstone;
      seen.body.end = Stamp();
      if (s.deleter_throws != Type::kNone) ThrowPlanned(s.deleter_throws, DeleterId(instance));
    };
  }

  void ReadValue(int instance, VarSeen* seen) {
    seen->has_value = instance >= 0;
    if (instance >= 0) seen->value = values_[instance];
  }

  // Returns how many failures of bodies after the end of their op it reported.
  size_t FinalWaitForAll() {
    Caught caught;
    std::vector<FailureSeen> reported;
    LookAtAll(*engine_, &reported, &caught);
    const size_t late = CountLate(reported);
    if (!reported.empty()) history_.final_reported.push_back(std::move(reported));
    return late;
  }
  // Not of racing ops, for which nobody waits.
  size_t CountLate(const std::vector<FailureSeen>& reported) const {
    const auto races = [&](const FailureSeen& f) {
      return std::any_of(program_.statements.begin(), program_.statements.end(),
                         [&](const Statement& s) { return Races(s) && s.op == OpNumber(f.op); });
    };
    return static_cast<size_t>(std::count_if(
        reported.begin(), reported.end(),
        [&](const FailureSeen& f) { return f.place == FailurePlace::kAfterEnd && !races(f); }));
  }

  // Bodies may push until the last op has ended; failures after the end of an op come late.
  void Drain() {
    size_t late = 0, expected = 0;
    do late += FinalWaitForAll();
    while (engine_->counts().live_ops > 0);
    UseHeld();
    for (const StatementSeen& seen : history_.statements) {
      expected += seen.throws_late;
      for (const RunSeen& run : seen.replays) expected += run.throws_late;
      late += CountLate(seen.reported);
    }
    if (!InChild()) tools_.watchdog->Extend(2 * tools_.patience_ns);
    const int64_t deadline = NowNs() + tools_.patience_ns;
    while (late < expected && NowNs() < deadline) {
      SleepNs(1);
      late += FinalWaitForAll();
    }
    history_.sync_bodies_left = sync_bodies_.Load(kAcquire);
    history_.final_vars.resize(instances_.size());
    for (size_t i = 0; i < instances_.size(); ++i) {
      LookAtVar(
          *engine_, instances_[i].var, [this] { return Stamp(); }, &history_.final_vars[i]);
      ReadValue(static_cast<int>(i), &history_.final_vars[i]);
    }
    FinalWaitForAll();
    for (const auto& [number, scope] : scopes_) {
      Caught caught;
      history_.final_scopes.push_back({number, {}});
      LookAtScope(*scope, &history_.final_scopes.back().second, &caught);
    }
    TENTER_CHECK(engine_->Stop(StopMode::kDrain).ok(), "the last stop was refused");
    history_.counts = engine_->counts();
    history_.programs_alive = captured_.alive();
    history_.programs_released = captured_.released();
  }

  void DropUnusedRuns() {
    for (StatementSeen& seen : history_.statements)
      std::erase_if(seen.replays, [](const RunSeen& run) { return run.runs == 0; });
  }

  struct Job {
    Execution* execution = nullptr;
    size_t index = 0;
    RunSeen* run = nullptr;
    int64_t deadline_ns = 0;
  };

  const Program& program_;
  const Tools tools_;
  const uint64_t round_;
  Noise noise_;
  Gate gate_, held_;  // ENG-10: the worker is held until gate_ opens
  Atomic<int64_t> stamps_ = 0;
  Atomic<int64_t> sync_bodies_ = 0, bodies_ = 0;
  History history_;
  std::vector<int64_t> values_;  // by instance; kept apart by the engine alone
  std::vector<Job> jobs_ = std::vector<Job>(program_.statements.size());
  std::vector<Atomic<int>> runs_ = std::vector<Atomic<int>>(program_.statements.size());
  Mutex holding_;
  std::deque<Completion> holds_ GUARDED_BY(holding_);
  bool holds_nothing_more_ GUARDED_BY(holding_) = false;
  CapturedPrograms captured_;
  std::map<int, std::unique_ptr<Bulk>> bulks_;  // by size, of the only pusher
  std::map<int, ScopePtr> scopes_;              // constant while threads run
  HandlesPtr handles_;
  std::vector<Handle> instances_;
  std::unique_ptr<Engine> engine_;  // last: its bodies use everything above
};

}  // namespace

History Execute(const Program& program, const Tools& tools, uint64_t round) {
  return Execution(program, tools, round).Run();
}

}  // namespace tenter::fuzz
