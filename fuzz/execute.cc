#include "fuzz/execute.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <optional>

#include "fuzz/gates.h"
#include "fuzz/look.h"
#include "fuzz/noise.h"
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
      : program_(program), tools_(tools), noise_(program, round) {
    history_.statements.resize(program.statements.size());
    values_.resize(program.vars + program.statements.size());
    for (size_t i = 0; i < values_.size(); ++i) values_[i] = InitialValue(static_cast<int>(i));
  }

  History Run() {
    const int64_t planned_before = LivePlanned();
    const int threads_before = program_.failing_worker < 0 ? 0 : CountThreads();
    tools_.watchdog->Begin();
    try {
      engine_ = MakeEngine(
          {.workers = program_.workers, .error_policy = program_.policy, .probe = &noise_});
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
    RunThreads();
    Drain();
    tools_.watchdog->SetEngine(nullptr);
    engine_.reset();
    // The history keeps no exception, so that whatever is left is a leak of the engine.
    history_.bodies_left = bodies_.Load(kAcquire);
    history_.exceptions_left = LivePlanned() - planned_before;
    tools_.watchdog->End();
    return std::move(history_);
  }

 private:
  static constexpr int kLetters = 26;
  using HandlesPtr = std::shared_ptr<const Handles>;

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
    PushOp("gate", {}, {}, 0, [this] {
      held_.Open();
      gate_.Wait();
    }).value();
    held_.Wait();
  }

  // The one place that knows what an Op looks like. Exactly one of the bodies is given.
  Result<uint64_t> PushOp(const std::string& name, const std::vector<Var>& reads,
                          const std::vector<Var>& writes, int priority, std::function<void()> body,
                          std::function<void(Completion)> async_body = nullptr) {
    Op op{.name = name, .reads = reads, .writes = writes, .priority = priority};
    if (body != nullptr)
      op.body = [run = std::move(body)](const OpContext&) { run(); };
    else
      op.body = [run = std::move(async_body)](const OpContext&, Completion done) {
        run(std::move(done));
      };
    return engine_->Push(std::move(op));
  }

  void RunActor(Actor actor, const HandlesPtr& handles) {
    for (size_t i = 0; i < program_.statements.size(); ++i)
      if (program_.statements[i].actor == actor) RunStatement(i, actor.is_op ? handles : handles_);
  }

  void RunStatement(size_t index, const HandlesPtr& handles) {
    const Statement& s = program_.statements[index];
    StatementSeen& seen = history_.statements[index];
    if (s.verb != Verb::kPush && s.verb != Verb::kDelete) gate_.Open();
    seen.handles = *handles;
    seen.span.begin = Stamp();
    switch (s.verb) {
      case Verb::kPush:
        Push(index, handles);
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
    }
    seen.span.end = Stamp();
  }

  void Push(size_t index, const HandlesPtr& handles) {
    const Statement& s = program_.statements[index];
    std::vector<Var> reads, writes;
    for (const int letter : s.reads) reads.push_back((*handles)[letter].var);
    for (const int letter : s.writes) writes.push_back((*handles)[letter].var);
    std::function<void()> body;
    std::function<void(Completion)> async_body;
    if (s.ends == Ends::kSync)
      body = [this, index, handles, counted = Counted(&sync_bodies_)] { Body(index, handles); };
    else
      async_body = [this, index, handles, counted = Counted(&bodies_)](Completion done) {
        AsyncBody(index, handles, std::move(done));
      };
    const Result<uint64_t> pushed =
        PushOp(OpName(s.op), reads, writes, s.priority, std::move(body), std::move(async_body));
    StatementSeen& seen = history_.statements[index];
    if (pushed.ok())
      seen.push_number = *pushed;
    else
      seen.code = pushed.status().code();
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

  // The part of a body that every op has; throws when the op is to fail here.
  void Begin(size_t index, const HandlesPtr& handles) {
    const Statement& s = program_.statements[index];
    StatementSeen& seen = history_.statements[index];
    ++seen.runs;
    seen.body.begin = Stamp();
    RunActor({true, s.op}, handles);
    seen.values_read.clear();
    for (const int instance : Instances(s.reads, *handles))
      seen.values_read.push_back(values_[instance]);
    if (s.throws == Type::kNone) return;
    seen.body.end = Stamp();
    ThrowPlanned(s.throws, s.op);
  }
  // Writes the values of an op that succeeds, and ends its span.
  void Finish(size_t index) {
    const Statement& s = program_.statements[index];
    StatementSeen& seen = history_.statements[index];
    if (s.fails == Type::kNone && s.ends != Ends::kNever && s.ends != Ends::kDropped)
      for (const int instance : Instances(s.writes, seen.handles))
        values_[instance] = ValueOf(s.op, seen.values_read);
    seen.body.end = Stamp();
  }

  void Body(size_t index, const HandlesPtr& handles) {
    Begin(index, handles);
    Finish(index);
  }

  void AsyncBody(size_t index, const HandlesPtr& handles, Completion done) {
    const Statement& s = program_.statements[index];
    Begin(index, handles);
    if (s.ends == Ends::kLater || s.ends == Ends::kDropped) {
      jobs_[index].execution = this;
      jobs_[index].index = index;
      tools_.completers->Add(
          std::move(done),
          [](void* job, Completion handle) {
            static_cast<Job*>(job)->execution->Complete(static_cast<Job*>(job)->index,
                                                        std::move(handle));
          },
          &jobs_[index]);
      return;
    }
    history_.statements[index].throws_late = s.ends == Ends::kNow && s.throws_after != Type::kNone;
    const Type late = s.throws_after;
    const int op = s.op;
    const bool now = s.ends == Ends::kNow;
    Complete(index, std::move(done));
    if (now && late != Type::kNone) ThrowPlanned(late, op);
  }

  void Complete(size_t index, Completion handle) {
    const Statement& s = program_.statements[index];
    Finish(index);
    if (s.ends == Ends::kNever || s.ends == Ends::kDropped) return;
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
  static size_t CountLate(const std::vector<FailureSeen>& reported) {
    return static_cast<size_t>(
        std::count_if(reported.begin(), reported.end(),
                      [](const FailureSeen& f) { return f.place == FailurePlace::kAfterEnd; }));
  }

  // Bodies may push until the last op has ended; failures after the end of an op come late.
  void Drain() {
    size_t late = 0, expected = 0;
    do late += FinalWaitForAll();
    while (engine_->counts().live_ops > 0);
    for (const StatementSeen& seen : history_.statements) {
      expected += seen.throws_late;
      late += CountLate(seen.reported);
    }
    tools_.watchdog->Extend(2 * tools_.patience_ns);
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
    TENTER_CHECK(engine_->Stop(StopMode::kDrain).ok(), "the last stop was refused");
    history_.counts = engine_->counts();
  }

  struct Job {
    Execution* execution;
    size_t index;
  };

  const Program& program_;
  const Tools tools_;
  Noise noise_;
  Gate gate_, held_;  // ENG-10: the worker is held until gate_ opens
  Atomic<int64_t> stamps_ = 0;
  Atomic<int64_t> sync_bodies_ = 0, bodies_ = 0;
  History history_;
  std::vector<int64_t> values_;  // by instance; kept apart by the engine alone
  std::vector<Job> jobs_ = std::vector<Job>(program_.statements.size());
  HandlesPtr handles_;
  std::vector<Handle> instances_;
  std::unique_ptr<Engine> engine_;  // last: its bodies use everything above
};

}  // namespace

History Execute(const Program& program, const Tools& tools, uint64_t round) {
  return Execution(program, tools, round).Run();
}

int64_t ValueOf(int op, const std::vector<int64_t>& reads) {
  uint64_t hash = Mix64(static_cast<uint64_t>(op) + 1);
  for (const int64_t value : reads) hash = CombineHash(hash, static_cast<uint64_t>(value));
  return static_cast<int64_t>(hash >> 1);
}

int64_t InitialValue(int instance) { return 1000 + instance; }

std::vector<int> Instances(const std::vector<int>& letters, const Handles& handles) {
  std::vector<int> instances;
  for (const int letter : letters) instances.push_back(handles[letter].instance);
  std::sort(instances.begin(), instances.end());
  instances.erase(std::unique(instances.begin(), instances.end()), instances.end());
  return instances;
}

}  // namespace tenter::fuzz
