#include "fuzz/target_engine/program/words.h"

#include <algorithm>
#include <string>

#include "fuzz/engine/program/normalise.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz::target_engine {
namespace {

bool HasWord(Verb verb) {
  switch (verb) {
    case Verb::kReplay:
    case Verb::kFork:
    case Verb::kAwait:
    case Verb::kCancel:
    case Verb::kTimeout:
    case Verb::kExpired:
    case Verb::kRounds:
      return false;
    default:
      return true;
  }
}

void RestrictEnds(Statement* s) {
  if (s->ends == Ends::kHeld || s->ends == Ends::kRaces) s->ends = Ends::kLater;
  if (s->ends == Ends::kRaceDrops) s->ends = Ends::kDropped;
  s->throws_after = Type::kNone;
  const bool drops = s->ends == Ends::kNever || s->ends == Ends::kDropped;
  const bool fails = s->throws != Type::kNone || s->fails != Type::kNone;
  if (s->ends == Ends::kSync) {
    s->fails = Type::kNone;
  } else {
    s->fails = fails && !drops ? Type::kStatus : Type::kNone;
    s->throws = Type::kNone;
  }
}

void RestrictPush(Statement* s) {
  s->out_of_memory = s->far_deadline = s->short_deadline = s->lasts = s->blocks = false;
  s->bulk = s->scope = s->program = s->meets = 0;
  RestrictEnds(s);
  // How many failures it keeps a target does not say.
  if (s->throws != Type::kNone || s->fails != Type::kNone) s->times = 0;
}

}  // namespace

void Restrict(Program* program) {
  program->idle = program->gated = program->parity = false;
  program->failing_worker = -1;
  program->crowd = 0;
  std::erase_if(program->statements, [](const Statement& s) { return !HasWord(s.verb); });
  for (Statement& s : program->statements) {
    s.deleter_throws = Type::kNone;
    if (s.verb == Verb::kPush) RestrictPush(&s);
  }
  Normalise(program);
}

Status CheckWords(const Program& program) {
  Program restricted = program;
  Restrict(&restricted);
  if (restricted == program) return {};
  const std::string refused = "the interface of a target has no word for: ";
  for (size_t i = 0; i < program.statements.size(); ++i)
    if (i >= restricted.statements.size() || !(restricted.statements[i] == program.statements[i]))
      return {StatusCode::kUnsupported, refused + ToText(program.statements[i])};
  const std::string text = ToText(program);
  return {StatusCode::kUnsupported, refused + text.substr(0, text.find('\n'))};
}

}  // namespace tenter::fuzz::target_engine
