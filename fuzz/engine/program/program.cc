#include "fuzz/engine/program/program.h"

#include <algorithm>
#include <set>

namespace tenter::fuzz {

int Threads(const Program& program) {
  std::set<int> threads;
  for (const Statement& s : program.statements)
    if (!s.actor.is_op) threads.insert(s.actor.number);
  return static_cast<int>(threads.size());
}

int Ops(const Program& program) {
  return static_cast<int>(std::count_if(
      program.statements.begin(), program.statements.end(),
      [](const Statement& s) { return s.verb == Verb::kPush || s.verb == Verb::kDelete; }));
}

int Replays(const Program& program, int captured) {
  return static_cast<int>(std::count_if(
      program.statements.begin(), program.statements.end(),
      [=](const Statement& s) { return s.verb == Verb::kReplay && s.program == captured; }));
}

int SpareVars(const Program& program) { return program.vars * (program.apart - 1); }

bool IsSequential(const Program& program) {
  return Threads(program) <= 1 &&
         std::none_of(program.statements.begin(), program.statements.end(), [](const Statement& s) {
           return s.actor.is_op && s.verb != Verb::kWait && s.verb != Verb::kWaitAll &&
                  s.verb != Verb::kAwait && s.verb != Verb::kLook;
         });
}

bool Has(const Program& program, Verb verb) {
  return std::any_of(program.statements.begin(), program.statements.end(),
                     [verb](const Statement& s) { return s.verb == verb; });
}

bool CanCancel(const Program& program) {
  return std::any_of(program.statements.begin(), program.statements.end(),
                     [](const Statement& s) { return CancelsScope(s) || StopsWithCancel(s); });
}

bool CanCancel(const Program& program, const Statement& push) {
  return std::any_of(program.statements.begin(), program.statements.end(), [&](const Statement& s) {
    return (CancelsScope(s) && push.scope != 0 && s.scope == push.scope) || StopsWithCancel(s);
  });
}

bool HasBulk(const Program& program) {
  return std::any_of(program.statements.begin(), program.statements.end(),
                     [](const Statement& s) { return s.bulk != 0; });
}

bool HasRaces(const Program& program) {
  return std::any_of(program.statements.begin(), program.statements.end(), MayBeLate);
}

}  // namespace tenter::fuzz
