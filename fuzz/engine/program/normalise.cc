#include "fuzz/engine/program/normalise.h"

#include <algorithm>
#include <map>
#include <set>

#include "fuzz/engine/program/meetings.h"

namespace tenter::fuzz {
namespace {

// What is known of a captured program when a statement is reached.
struct Captured {
  Actor owner;
  bool replayed = false;
};
using AllCaptured = std::map<int, Captured>;

// A push that cannot be recorded is an ordinary one.
void NormaliseRecorded(const Program& program, Statement* s, AllCaptured* all) {
  if (s->program == 0) return;
  const auto captured = all->find(s->program);
  const bool known = captured != all->end();
  if (program.gated || s->actor.is_op || s->program < 0 ||
      (known && (captured->second.replayed || !(captured->second.owner == s->actor)))) {
    s->program = 0;
    return;
  }
  if (!known) (*all)[s->program] = {s->actor, false};
  s->priority = 0;
  s->out_of_memory = false;
}

bool CanReplay(const Statement& s, AllCaptured* all) {
  const auto captured = all->find(s.program);
  if (captured == all->end() || !(captured->second.owner == s.actor)) return false;
  captured->second.replayed = true;
  return true;
}

// An op that holds its handle beyond its deadline must not be cancelled as well: nobody could tell
// which of the two ended it. Nor may it be recorded, since the next replay starts when the last
// handle of this one is gone.
void NormaliseHeld(bool cancels, Statement* s) {
  if (s->ends != Ends::kHeld) return;
  s->throws = s->fails = s->throws_after = Type::kNone;
  s->far_deadline = false;
  if (cancels || s->program != 0) s->ends = Ends::kDropped;
}

// Of ops that end with their bodies, where each need not run.
void NormaliseShortDeadline(const Program& program, Statement* s) {
  if (program.gated) s->lasts = false;
  if (program.gated || s->ends != Ends::kSync || s->bulk != 0 || s->far_deadline)
    s->short_deadline = false;
}

// At most one error of a racing op may be reported after its end: either that of the handle or that
// of the body. So whoever is told of one knows whose it was.
void NormaliseRaces(Statement* s) {
  if (!Races(*s)) return;
  s->throws = Type::kNone;
  s->far_deadline = false;
  if (s->ends == Ends::kRaceDrops) s->fails = Type::kNone;
  if (s->fails != Type::kNone) s->throws_after = Type::kNone;
  if (s->program == 0) return;
  s->ends = Ends::kLater;  // the next replay starts when the last handle of this one is gone
  s->throws_after = Type::kNone;
}

// The pusher of an op that blocks has to cancel its scope, to give it a deadline, or to stop the
// engine with cancel, before it waits for ops: otherwise the two would wait for each other. Or the
// body itself does so before it blocks, or the op has a deadline of its own.
bool MayBlock(const Program& program, size_t push) {
  const Statement& s = program.statements[push];
  if (s.actor.is_op || s.ends != Ends::kSync || s.bulk != 0 || s.program != 0 || program.gated ||
      program.workers == 0 || Has(program, Verb::kFork))
    return false;
  if (s.short_deadline) return true;
  bool pusher_waits = false;  // it has waited for ops since the push
  for (size_t i = 0; i < program.statements.size(); ++i) {
    const Statement& other = program.statements[i];
    const bool stops = StopsWithCancel(other);
    const bool cancels = stops || (s.scope != 0 && CancelsScope(other) && other.scope == s.scope);
    if (cancels && other.actor == Actor{true, s.op}) return true;
    if (!(other.actor == s.actor)) continue;
    if (cancels && (i > push ? !pusher_waits : other.verb == Verb::kTimeout)) return true;
    pusher_waits |= i > push && other.verb != Verb::kPush && other.verb != Verb::kDelete &&
                    other.verb != Verb::kNew && other.verb != Verb::kTimeout;
  }
  return false;
}

// In the child of a fork there is only the thread that forked: so the program has one pusher, and
// no op that another thread has to end.
bool CanFork(const Program& program) {
  return Threads(program) <= 1 && !program.gated &&
         std::all_of(program.statements.begin(), program.statements.end(),
                     [](const Statement& s) { return s.ends == Ends::kSync; });
}

// A push in a bulk does not tell its number. It is the next one where nobody else pushes; with
// several pushers its body tells it, so each op must run.
bool EachRuns(const Program& program) {
  return !CanCancel(program) && program.failing_worker < 0 &&
         std::all_of(program.statements.begin(), program.statements.end(), [](const Statement& s) {
           return s.verb != Verb::kStop && s.verb != Verb::kReplay && s.verb != Verb::kNew &&
                  s.verb != Verb::kTimeout &&
                  (s.verb != Verb::kPush ||
                   (!s.actor.is_op && s.ends == Ends::kSync && s.throws == Type::kNone &&
                    !s.short_deadline && !s.out_of_memory && s.program == 0));
         });
}

bool CanBulk(const Program& program) {
  const bool each_runs = EachRuns(program) && !Has(program, Verb::kDelete);
  return (IsSequential(program) || each_runs) && !program.gated && program.crowd == 0;
}

void NormaliseBulk(bool allowed, Statement* s) {
  if (!allowed || s->program != 0 || s->bulk < 0) s->bulk = 0;
}

// A scope has one deadline at most. Who waits for it is the pusher who has set it.
class ScopeRules {
 public:
  bool Allow(const Statement& s) {
    switch (s.verb) {
      case Verb::kAwait:
      case Verb::kCancel:
        return s.scope > 0;
      case Verb::kTimeout:
        return s.scope > 0 && !s.actor.is_op && deadlines_.try_emplace(s.scope, s).second;
      case Verb::kExpired: {
        const auto set = deadlines_.find(s.scope);
        return set != deadlines_.end() && set->second.actor == s.actor && !set->second.far_deadline;
      }
      default:
        return true;
    }
  }

 private:
  std::map<int, Statement> deadlines_;  // by scope
};

void NormaliseScopes(Program* program) {
  ScopeRules rules;
  std::erase_if(program->statements, [&](const Statement& s) { return !rules.Allow(s); });
  for (Statement& s : program->statements)
    if ((s.verb == Verb::kPush && s.program != 0) || s.scope < 0) s.scope = 0;
  for (size_t i = 0; i < program->statements.size(); ++i)
    if (program->statements[i].blocks && !MayBlock(*program, i))
      program->statements[i].blocks = false;
}

// A delete does not tell its push number, and beside a crowd nobody could guess it. What a stop
// cancels of a crowd would be reported to the program.
bool CanHaveCrowd(const Program& program) {
  return !program.gated && program.failing_worker < 0 &&
         std::none_of(program.statements.begin(), program.statements.end(), [](const Statement& s) {
           return s.verb == Verb::kDelete || StopsWithCancel(s);
         });
}

// Ops that are alike have bodies that do nothing but end.
void NormaliseTimes(const Program& program, Statement* s) {
  const bool named = std::any_of(program.statements.begin(), program.statements.end(),
                                 [s](const Statement& other) {
                                   return other.actor == Actor{true, s->op} || other.meets == s->op;
                                 });
  if (named || s->actor.is_op || s->program != 0 || s->ends != Ends::kSync || s->out_of_memory ||
      s->blocks || s->meets != 0 || s->lasts || s->short_deadline || s->times < 2)
    s->times = 0;
  // How an op ended that may be late its report tells alone, and of very many failures a report
  // counts some only.
  if (s->throws != Type::kNone && s->times > 0 &&
      std::any_of(program.statements.begin(), program.statements.end(), MayBeLate))
    s->times = 0;
}

bool Fails(const Statement& s) {
  return s.throws != Type::kNone || s.fails != Type::kNone || s.throws_after != Type::kNone ||
         s.ends == Ends::kNever || s.ends == Ends::kDropped || s.ends == Ends::kHeld ||
         MayBeLate(s);
}

// The pushes of rounds have numbers that nobody tells, and their waits would be told of failures.
bool CanHaveRounds(const Program& program) {
  return !program.gated && program.failing_worker < 0 && !HasBulk(program) &&
         std::none_of(program.statements.begin(), program.statements.end(), [](const Statement& s) {
           return s.verb == Verb::kDelete || s.verb == Verb::kStop || s.verb == Verb::kFork ||
                  Fails(s);
         });
}

}  // namespace

void Normalise(Program* program) {
  const bool can_have_rounds = CanHaveRounds(*program);
  std::erase_if(program->statements, [&](const Statement& s) {
    return s.verb == Verb::kRounds && (!can_have_rounds || s.actor.is_op || s.rounds < 1);
  });
  if (!CanHaveCrowd(*program)) program->crowd = 0;
  std::set<int> pushed, quiet;  // quiet: ops whose bodies do nothing else
  AllCaptured captured;
  const bool cancels = CanCancel(*program), can_bulk = CanBulk(*program);
  std::vector<Statement> kept;
  const bool several = Threads(*program) > 1, can_fork = CanFork(*program);
  for (const Statement& s : program->statements) {
    if (s.actor.is_op && (!pushed.contains(s.actor.number) || quiet.contains(s.actor.number)))
      continue;
    if (s.verb == Verb::kNew && (several || s.actor.is_op)) continue;
    if (s.verb == Verb::kFork && (!can_fork || s.actor.is_op)) continue;
    if (s.verb == Verb::kPush && !pushed.insert(s.op).second) continue;
    if (s.verb == Verb::kReplay && !CanReplay(s, &captured)) continue;
    kept.push_back(s);
    if (s.verb != Verb::kPush) continue;
    NormaliseRecorded(*program, &kept.back(), &captured);
    NormaliseHeld(cancels, &kept.back());
    NormaliseRaces(&kept.back());
    NormaliseBulk(can_bulk, &kept.back());
    NormaliseShortDeadline(*program, &kept.back());
    NormaliseTimes(*program, &kept.back());
    if (kept.back().program != 0 || kept.back().ends == Ends::kHeld || Races(kept.back()))
      quiet.insert(s.op);
  }
  program->statements = std::move(kept);
  NormaliseScopes(program);
  NormaliseMeetings(program);
  if (Has(*program, Verb::kFork) || HasRaces(*program) || program->crowd > 0)
    program->parity = false;
}

}  // namespace tenter::fuzz
