#include "fuzz/engine/draw/backlog.h"

namespace tenter::fuzz {
namespace {

// A var that an op before this place fails to write, or -1.
int PoisonedBefore(const Program& program, size_t place) {
  for (size_t i = place; i-- > 0;) {
    const Statement& s = program.statements[i];
    if (s.verb == Verb::kPush && s.throws != Type::kNone && !s.writes.empty()) return s.writes[0];
  }
  return -1;
}

}  // namespace

void Multiply(int most, Program* program, Dice* dice) {
  for (int i = dice->From(1, 2); i > 0; --i) {
    const auto at =
        static_cast<size_t>(dice->From(0, static_cast<int>(program->statements.size()) - 1));
    Statement& s = program->statements[at];
    if (s.verb != Verb::kPush) continue;
    s.times = dice->From(most / 2, most);
    s.ends = Ends::kSync;
    s.fails = s.throws_after = Type::kNone;
    if (dice->Chance(35)) s.throws = Type::kStatus;
    const int poisoned = PoisonedBefore(*program, at);
    if (poisoned >= 0 && dice->Chance(80)) s.reads = {poisoned};
  }
}

void MakeBacklog(Program* program, Dice* dice) {
  Multiply(dice->Chance(10) ? 400 : 100, program, dice);
  const bool urgent = dice->Chance(50);
  for (Statement& s : program->statements)
    if (urgent && s.verb == Verb::kPush) s.priority = dice->From(1, 3);
  program->statements[0].priority = urgent && dice->Chance(50) ? 0 : -9;
}

}  // namespace tenter::fuzz
