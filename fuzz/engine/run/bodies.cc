#include "fuzz/engine/run/bodies.h"

#include "fuzz/engine/ends/counted.h"
#include "fuzz/engine/ends/planned.h"
#include "fuzz/engine/program/timeouts.h"
#include "fuzz/engine/program/values.h"
#include "fuzz/engine/run/wake.h"

namespace tenter::fuzz {

Bodies::Bodies(const Program& program, uint64_t round, const Tools& tools, Notes& notes,
               Inside inside)
    : program_(program),
      round_(round),
      tools_(tools),
      notes_(notes),
      inside_(std::move(inside)),
      meetings_(program),
      racing_(program, round, tools.racers) {
  // There are at most as many further vars as statements, if each of them is a `new`.
  for (size_t i = 0; i < program.vars + program.statements.size(); ++i)
    values_.push_back(InitialValue(static_cast<int>(i)));
}

OpBody Bodies::Of(size_t index, const HandlesPtr& handles, int64_t deadline_ns) {
  const Statement& s = program_.statements[index];
  racing_.SetDeadline(index, deadline_ns);
  // The bodies of a captured program live as long as the program.
  Atomic<int64_t>* const alive =
      s.ends == Ends::kSync && s.program == 0 ? &sync_alive_ : &others_alive_;
  if (Meetings::Promise begun = meetings_.PromiseOf(s.op); begun != nullptr)
    return [this, index, handles, counted = Counted(alive),
            begun = std::move(begun)](const OpContext& context) {
      begun->Open();
      RunSync(index, handles, context);
    };
  if (s.ends == Ends::kSync)
    return [this, index, handles, counted = Counted(alive)](const OpContext& context) {
      RunSync(index, handles, context);
    };
  return
      [this, index, handles, counted = Counted(alive)](const OpContext& context, Completion done) {
        RunAsync(index, handles, context, std::move(done));
      };
}

// The part of a body that every op has; throws when the op is to fail here.
RunSeen* Bodies::Begin(size_t index, const HandlesPtr& handles, const OpContext& context) {
  const Statement& s = program_.statements[index];
  RunSeen* const run = notes_.NewRun(index);
  ++run->runs;
  run->number = context.push_number;
  run->body.begin = notes_.Stamp();
  inside_(s.op, handles);
  meetings_.Await(s);
  if (s.lasts) SleepNs(kLastingNs);
  run->values_read.clear();
  for (const int instance : Instances(s.reads, *handles))
    run->values_read.push_back(values_[instance]);
  if (s.throws == Type::kNone) return run;
  run->body.end = notes_.Stamp();
  ThrowPlanned(s.throws, s.op);
}

// Writes the values of an op that succeeds, and ends its span.
void Bodies::Finish(size_t index, RunSeen* run) {
  const Statement& s = program_.statements[index];
  if (s.fails == Type::kNone && s.ends != Ends::kNever && s.ends != Ends::kDropped)
    for (const int instance : Instances(s.writes, notes_.statement(index).handles))
      values_[instance] = ValueOf(s, run->number, run->values_read);
  run->body.end = notes_.Stamp();
}

void Bodies::RunSync(size_t index, const HandlesPtr& handles, const OpContext& context) {
  RunSeen* const run = Begin(index, handles, context);
  if (program_.statements[index].blocks)
    AwaitCancel(context.cancel, WakeStayNs(program_.noise + round_, index), notes_, run);
  run->end_ns = NowNs();
  run->cancel_seen = context.cancel.requested();
  Finish(index, run);
}

void Bodies::RunAsync(size_t index, const HandlesPtr& handles, const OpContext& context,
                      Completion done) {
  const Statement& s = program_.statements[index];
  // The deadline ends this op, perhaps before its body has begun: the body touches no value.
  if (s.ends == Ends::kHeld) return held_.Hold(std::move(done));
  if (Races(s)) {
    notes_.NewRun(index)->raced = true;
    return racing_.Run(index, std::move(done));
  }
  RunSeen* const run = Begin(index, handles, context);
  if (s.ends == Ends::kLater || s.ends == Ends::kDropped)
    return tools_.completers->Add(std::move(done), [this, index, run](Completion handle) {
      Complete(index, run, std::move(handle));
    });
  const bool throws_late = s.ends == Ends::kNow && s.throws_after != Type::kNone;
  run->throws_late = throws_late;
  Complete(index, run, std::move(done));
  if (throws_late) ThrowPlanned(s.throws_after, s.op);
}

void Bodies::Complete(size_t index, RunSeen* run, Completion handle) {
  const Statement& s = program_.statements[index];
  Finish(index, run);
  if (s.ends != Ends::kNever && s.ends != Ends::kDropped) EndAsPlanned(s, std::move(handle));
}

std::function<void()> Bodies::DeleterOf(size_t index) {
  return [this, index, counted = Counted(&sync_alive_)] { Delete(index); };
}

void Bodies::Delete(size_t index) {
  const Statement& s = program_.statements[index];
  StatementSeen& seen = notes_.statement(index);
  ++seen.runs;
  seen.body.begin = notes_.Stamp();
  const int instance = seen.handles[s.var].instance;
  values_[instance] = kTombstone;
  seen.body.end = notes_.Stamp();
  if (s.deleter_throws != Type::kNone) ThrowPlanned(s.deleter_throws, DeleterId(instance));
}

void Bodies::ReadValue(int instance, VarSeen* seen) const {
  seen->has_value = instance >= 0;
  if (instance >= 0) seen->value = values_[instance];
}

}  // namespace tenter::fuzz
