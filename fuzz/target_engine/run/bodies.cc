#include "fuzz/target_engine/run/bodies.h"

#include <cstdio>

#include "fuzz/engine/ends/planned.h"
#include "fuzz/engine/program/values.h"
#include "fuzz/target_engine/run/planned_text.h"

namespace tenter::fuzz::target_engine {
namespace {

std::vector<tgt_var> VarsOf(const std::vector<int>& letters, const Handles& handles) {
  std::vector<tgt_var> vars;
  for (const int letter : letters)
    vars.push_back({handles[letter].var.index, handles[letter].var.generation});
  return vars;
}

bool Drops(const Statement& s) { return s.ends == Ends::kNever || s.ends == Ends::kDropped; }

}  // namespace

Bodies::Bodies(const Program& program, EngineCalls& engine, Notes& notes, Inside inside)
    : program_(program),
      engine_(engine),
      notes_(notes),
      inside_(std::move(inside)) {
  // There are at most as many further vars as statements, if each of them is a `new`.
  for (size_t i = 0; i < program.vars + program.statements.size(); ++i)
    values_.push_back(InitialValue(static_cast<int>(i)));
  for (size_t i = 0; i < program.statements.size(); ++i) {
    Bound& bound = bound_.emplace_back();
    bound.bodies = this;
    bound.index = i;
  }
}

void Bodies::Push(size_t index, const HandlesPtr& handles) {
  const Statement& s = program_.statements[index];
  const std::vector<tgt_var> reads = VarsOf(s.reads, *handles), writes = VarsOf(s.writes, *handles);
  const std::string name = OpName(s.op);
  bound_[index].handles = handles;
  tgt_op op = {};
  op.name = name.c_str();
  op.reads = reads.data();
  op.read_count = reads.size();
  op.writes = writes.data();
  op.write_count = writes.size();
  op.priority = s.priority;
  if (s.ends == Ends::kSync)
    op.run = RunSync;
  else
    op.run_async = RunAsync;
  op.arg = &bound_[index];
  op.release = Release;
  StatementSeen& seen = notes_.statement(index);
  seen.code = engine_.Push(op, &seen.push_number);
}

std::vector<int> Bodies::releases() const {
  std::vector<int> releases;
  for (const Bound& bound : bound_) releases.push_back(bound.releases.Load(kAcquire));
  return releases;
}

// The part of a body that every op has.
StatementSeen* Bodies::Begin(const Bound& bound, const tgt_op_context& context) {
  const Statement& s = program_.statements[bound.index];
  StatementSeen* const seen = &notes_.statement(bound.index);
  ++seen->runs;
  seen->number = context.push_number;
  seen->body.begin = notes_.Stamp();
  inside_(s.op, bound.handles);
  seen->values_read.clear();
  for (const int instance : Instances(s.reads, *bound.handles))
    seen->values_read.push_back(values_[instance]);
  return seen;
}

// Writes the values of an op that succeeds, and ends its span.
void Bodies::Finish(size_t index, StatementSeen* seen) {
  const Statement& s = program_.statements[index];
  if (s.throws == Type::kNone && s.fails == Type::kNone && !Drops(s))
    for (const int instance : Instances(s.writes, *bound_[index].handles))
      values_[instance] = ValueOf(s, seen->number, seen->values_read);
  seen->body.end = notes_.Stamp();
}

tgt_code Bodies::RunSync(void* arg, const tgt_op_context* context, tgt_error* error) {
  const Bound& bound = *static_cast<Bound*>(arg);
  Bodies& bodies = *bound.bodies;
  const Statement& s = bodies.program_.statements[bound.index];
  bodies.Finish(bound.index, bodies.Begin(bound, *context));
  if (s.throws == Type::kNone) return TGT_OK;
  if (s.throws != Type::kStatus) ThrowPlanned(s.throws, s.op);
  if (IsSilent(s)) return TGT_DATA_LOSS;
  error->code = TGT_DATA_LOSS;
  std::snprintf(error->message, sizeof(error->message), "%s", PlannedText(s).c_str());
  return TGT_DATA_LOSS;
}

void Bodies::RunAsync(void* arg, const tgt_op_context* context, tgt_completion* completion) {
  const Bound& bound = *static_cast<Bound*>(arg);
  Bodies& bodies = *bound.bodies;
  const size_t index = bound.index;
  StatementSeen* const seen = bodies.Begin(bound, *context);
  const Ends ends = bodies.program_.statements[index].ends;
  if (ends == Ends::kNow || ends == Ends::kNever) return bodies.Complete(index, seen, completion);
  bodies.completers_.Add(
      [&bodies, index, seen, completion] { bodies.Complete(index, seen, completion); });
}

void Bodies::Complete(size_t index, StatementSeen* seen, tgt_completion* completion) {
  const Statement& s = program_.statements[index];
  Finish(index, seen);
  engine_.End(completion,
              Drops(s)                 ? TGT_COMPLETION_DROP
              : s.fails != Type::kNone ? TGT_COMPLETION_FAIL
                                       : TGT_COMPLETION_DONE,
              s.fails != Type::kNone ? PlannedText(s) : "");
}

void Bodies::Release(void* arg) { static_cast<Bound*>(arg)->releases.FetchAdd(1, kAcqRel); }

}  // namespace tenter::fuzz::target_engine
