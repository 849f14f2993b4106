#include "fuzz/engine/draw/draw_push.h"

#include <set>

namespace tenter::fuzz {
namespace {

constexpr int kFewVars = 12;  // of a program

void Duplicate(Statement* s) {
  if (!s->reads.empty()) s->reads.push_back(s->reads[0]);
  if (!s->writes.empty()) s->writes.push_back(s->writes[0]);
}

}  // namespace

Statement PushDrawing::Push(Actor actor) {
  Statement s;
  s.actor = actor;
  s.op = ++ops_;
  if (vars_ > kFewVars && Chance(60))
    ManyVars(&s);
  else
    FewVars(&s);
  if (!s.writes.empty() && Chance(profile_.updates)) s.reads.push_back(s.writes[0]);
  if (Chance(profile_.duplicates)) Duplicate(&s);
  if (Chance(profile_.priorities)) s.priority = dice_.From(-3, 3);
  if (Chance(profile_.async)) s.ends = Chance(50) ? Ends::kLater : Ends::kNow;
  if (Chance(profile_.fails)) Fail(&s);
  if (s.ends == Ends::kNow && s.throws == Type::kNone && Chance(profile_.late))
    s.throws_after = AnyType();
  s.out_of_memory = Chance(profile_.out_of_memory);
  s.far_deadline = Chance(profile_.far_deadlines);
  if (Chance(profile_.times_out)) s.ends = Ends::kHeld;
  if (Chance(profile_.races)) Race(&s);
  if (bulk_ != 0 && Chance(80)) s.bulk = Chance(80) ? bulk_ : bulk_ + 1;
  if (scopes_ > 0 && Chance(70)) s.scope = dice_.From(1, scopes_);
  s.blocks = Chance(profile_.blocks);
  s.short_deadline = s.ends == Ends::kSync && s.bulk == 0 && Chance(profile_.short_deadlines);
  if (s.short_deadline) s.far_deadline = false;
  s.lasts = Chance(profile_.lasting);
  return s;
}

void PushDrawing::FewVars(Statement* s) {
  for (int n = Chance(50) ? dice_.From(1, 3) : 0; n > 0; --n) s->reads.push_back(AnyVar());
  for (int n = Chance(85) ? dice_.From(1, 2) : 0; n > 0; --n) s->writes.push_back(AnyVar());
}

// In any order, with or without repeats.
void PushDrawing::ManyVars(Statement* s) {
  const bool repeats = Chance(60);
  std::set<int> used;
  for (int n = dice_.From(kFewVars, vars_); n > 0; --n) {
    const int letter = AnyVar();
    if (used.insert(letter).second || repeats)
      (Chance(70) ? s->reads : s->writes).push_back(letter);
  }
}

void PushDrawing::Race(Statement* s) {
  s->ends = Chance(30) ? Ends::kRaceDrops : Ends::kRaces;
  s->throws = Type::kNone;
  s->fails = s->ends == Ends::kRaces && Chance(40) ? AnyType() : Type::kNone;
  s->throws_after = s->fails == Type::kNone && Chance(40) ? AnyType() : Type::kNone;
}

void PushDrawing::Fail(Statement* s) {
  if (s->ends == Ends::kSync || Chance(20))
    s->throws = AnyType();
  else if (Chance(60))
    s->fails = AnyType();
  else
    s->ends = s->ends == Ends::kLater ? Ends::kDropped : Ends::kNever;
}

}  // namespace tenter::fuzz
