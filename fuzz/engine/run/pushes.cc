#include "fuzz/engine/run/pushes.h"

#include "fuzz/engine/program/timeouts.h"

namespace tenter::fuzz {
namespace {

void Note(const Result<uint64_t>& pushed, StatementSeen* seen) {
  if (pushed.ok())
    seen->push_number = *pushed;
  else
    seen->code = pushed.status().code();
}

std::vector<Var> VarsOf(const std::vector<int>& letters, const Handles& handles) {
  std::vector<Var> vars;
  for (const int letter : letters) vars.push_back(handles[letter].var);
  return vars;
}

}  // namespace

Pushes::Pushes(const Program& program, Engine& engine, Notes& notes, Bodies& bodies, Scopes& scopes)
    : program_(program),
      engine_(engine),
      notes_(notes),
      bodies_(bodies),
      scopes_(scopes),
      forks_(Has(program, Verb::kFork)),
      captured_(program) {
  bulks_[0];
  for (const Statement& s : program.statements)
    if (!s.actor.is_op) bulks_[s.actor.number];
}

void Pushes::Push(size_t index, const HandlesPtr& handles) {
  const Statement& s = program_.statements[index];
  StatementSeen* const seen = &notes_.statement(index);
  const std::vector<Var> reads = VarsOf(s.reads, *handles), writes = VarsOf(s.writes, *handles);
  const std::string name = OpName(s.op);
  Op op{.name = name, .reads = reads, .writes = writes, .priority = s.priority};
  if (s.far_deadline) op.timeout_ns = kFarNs;
  if (s.ends == Ends::kHeld || Races(s)) op.timeout_ns = kSoonNs;
  if (s.short_deadline) op.timeout_ns = ShortDeadlineNs(s);
  op.scope = scopes_.Find(s.scope);
  op.body = bodies_.Of(index, handles, NowNs() + kSoonNs);
  if (s.program != 0) return captured_.Record(s.program, std::move(op));
  if (s.bulk != 0) return PushInBulk(s, std::move(op), seen);
  // Both ways into the engine, where nothing forks that would have to wait for the second.
  const bool counted = index % 2 == 1 && !forks_;
  Note(counted ? engine_.PushCounted(std::move(op)) : engine_.Push(std::move(op)), seen);
}

// A pusher has one bulk of each size.
void Pushes::PushInBulk(const Statement& s, Op&& op, StatementSeen* seen) {
  OpenBulk& open = bulks_.at(s.actor.number)[s.bulk];
  if (open.bulk == nullptr) open.bulk = engine_.NewBulk(static_cast<size_t>(s.bulk));
  open.last = seen;
  seen->code = open.bulk->Push(std::move(op)).code();
}

void Pushes::EndBulks(int pusher) {
  for (const auto& [size, open] : bulks_[pusher]) open.last->flushed = open.bulk->Flush().code();
  bulks_[pusher].clear();
}

void Pushes::Replay(size_t index) {
  const Statement& s = program_.statements[index];
  Note(captured_.Replay(engine_, s.program, scopes_.Find(s.scope), index),
       &notes_.statement(index));
}

}  // namespace tenter::fuzz
