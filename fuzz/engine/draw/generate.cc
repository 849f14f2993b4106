#include "fuzz/engine/draw/generate.h"

#include <algorithm>

#include "fuzz/engine/draw/backlog.h"
#include "fuzz/engine/draw/draw_push.h"
#include "fuzz/engine/draw/fan_in.h"
#include "fuzz/engine/program/normalise.h"

namespace tenter::fuzz {
namespace {

class Drawing {
 public:
  Drawing(const Draw& draw, Dice& dice) : draw_(draw), profile_(draw.profile), dice_(dice) {}

  Program Make() {
    program_.workers = dice_.OneOf(draw_.workers);
    program_.vars = From(1, profile_.most_vars);
    program_.noise = Chance(60) ? static_cast<uint64_t>(From(1, 1000000)) : 0;
    pushes_.Plan(program_.vars, 0, 0);
    if (profile_.gated) return Gated();
    program_.idle = program_.workers > 1 && Chance(profile_.idle);
    if (Chance(profile_.run_dependents)) program_.policy = ErrorPolicy::kRunDependents;
    if (profile_.failing_worker && Chance(10)) program_.failing_worker = From(0, 3);
    const int threads = Chance(40) ? 1 : From(1, profile_.most_threads);
    const bool many_vars = Chance(profile_.many_vars);
    if (many_vars) PlanManyVars();
    const bool meets = program_.workers >= 2 && Chance(profile_.meetings);
    if (meets) PlanMeetings();
    const bool forks = threads == 1 && Chance(profile_.forks);
    if (forks) profile_.async = profile_.times_out = profile_.races = 0;
    if (Chance(forks ? profile_.crowds_at_forks : profile_.crowds)) PlanCrowd();
    if (Chance(threads == 1 ? profile_.bulks : profile_.shared_bulks)) PlanBulks(threads);
    if (Chance(profile_.scopes)) scopes_ = From(1, 2);
    const bool rounds = !forks && Chance(profile_.rounds);
    if (rounds) PlanRounds();
    pushes_.Plan(program_.vars, scopes_, bulk_);
    const int most_ops = many_vars ? std::min(draw_.most_ops, 10) : draw_.most_ops;
    const int ops = From(1, std::max(1, From(1, most_ops)));
    for (int i = 0; i < ops; ++i) OneStep(threads);
    if (Chance(profile_.stops)) InsertStop(threads);
    if (Chance(10)) InsertStop(threads, profile_.stops);
    if (scopes_ > 0 && Chance(profile_.scope_cancels)) InsertCancel(threads);
    if (scopes_ > 0 && Chance(profile_.scope_deadlines))
      for (int scope = From(1, scopes_); scope > 0; --scope) InsertDeadline(threads, scope);
    if (forks)
      for (int n = From(1, program_.crowd > 0 ? 4 : 2); n > 0; --n) InsertFork();
    if (rounds) InsertRounds(threads);
    if (threads == 1 && program_.crowd == 0 && Chance(profile_.backlogs))
      Multiply(Chance(20) ? 1500 : 100, &program_, &dice_);
    // With several pushers a bulk has ops that succeed only.
    if (!rounds && !meets && !(bulk_ != 0 && threads > 1) && Chance(profile_.fan_ins))
      AddFanIn(&program_, &dice_);
    Normalise(&program_);
    if (meets) DrawMeetings();
    program_.parity = IsSequential(program_) && !CanCancel(program_) && !HasLateThrow() &&
                      program_.workers > 0 && !Has(program_, Verb::kFork) && !HasRaces(program_) &&
                      program_.crowd == 0 && Chance(profile_.parity);
    return program_;
  }

 private:
  int From(int least, int most) { return dice_.From(least, most); }
  bool Chance(int percent) { return dice_.Chance(percent); }

  bool HasLateThrow() const {
    return std::any_of(program_.statements.begin(), program_.statements.end(),
                       [](const Statement& s) { return s.throws_after != Type::kNone; });
  }

  // Most ops go through a bulk, and nothing is drawn that does not go together with it.
  // With several threads each op must run; with one some have vars that are deleted.
  void PlanBulks(int threads) {
    bulk_ = From(2, 6);
    const bool deletes = threads == 1 && Chance(profile_.stale_bulks);
    profile_.deletes = deletes ? std::max(profile_.deletes, 10) : 0;
    profile_.news /= 2;
    profile_.pushes_inside = 0;
    profile_.async /= 2;
    profile_.priorities /= 3;
    if (threads == 1) return;
    profile_.fails = profile_.async = profile_.out_of_memory = 0;
    profile_.times_out = profile_.races = profile_.captures = profile_.stops = 0;
    profile_.short_deadlines = 0;
    profile_.scope_cancels = profile_.scope_deadlines = 0;
    program_.failing_worker = -1;
  }

  // In some cases their indices do not fit into one byte. Few ops: each has much to say.
  void PlanManyVars() {
    program_.vars = From(20, 80);
    if (Chance(50)) program_.apart = From(2, 12);
  }

  // Nothing is drawn that does not go together with meetings, and less that keeps ops apart.
  void PlanMeetings() {
    profile_.captures = profile_.bulks = profile_.shared_bulks = profile_.forks = 0;
    profile_.waits /= 2;
    profile_.wait_alls /= 2;
    if (program_.idle) program_.noise = 0;
    if (program_.vars <= profile_.most_vars) program_.vars = From(1, 8);
  }

  // Nothing is drawn that does not go together with a crowd.
  void PlanCrowd() {
    program_.crowd = From(1, 3);
    profile_.deletes = profile_.cancels = profile_.bulks = profile_.shared_bulks = 0;
  }

  // Nothing is drawn that does not go together with rounds.
  void PlanRounds() {
    profile_.fails = profile_.late = profile_.times_out = profile_.races = profile_.deletes = 0;
    profile_.short_deadlines = profile_.stops = bulk_ = 0;
    program_.failing_worker = -1;
  }

  // Pairs of ops at random; of these Normalise keeps the ones that must meet.
  void DrawMeetings() {
    for (int n = 3 * program_.workers; n > 0 && !program_.statements.empty(); --n) {
      Statement& s = program_.statements[AnyPlace() % program_.statements.size()];
      if (s.verb != Verb::kPush || s.meets != 0) continue;
      s.meets = From(1, pushes_.ops());
      Normalise(&program_);
    }
  }

  static Statement By(Actor actor, Verb verb) {
    Statement s;
    s.actor = actor;
    s.verb = verb;
    return s;
  }
  void Wait(Actor actor, Verb verb) {
    Statement s = By(actor, verb);
    if (verb == Verb::kWait) s.var = pushes_.AnyVar();
    program_.statements.push_back(s);
  }

  void OneStep(int threads) {
    const Actor actor{false, From(0, threads - 1)};
    if (Chance(profile_.deletes)) return Delete(actor, threads);
    if (Chance(profile_.captures)) return Capture(actor);
    Push(actor, 0);
    SomeWaits(actor);
  }

  void SomeWaits(Actor actor) {
    if (Chance(profile_.waits)) Wait(actor, Verb::kWait);
    if (Chance(profile_.wait_alls)) Wait(actor, Verb::kWaitAll);
    if (Chance(profile_.looks)) Wait(actor, Verb::kLook);
    if (scopes_ == 0 || !Chance(profile_.wait_alls)) return;
    Wait(actor, Verb::kAwait);
    program_.statements.back().scope = From(1, scopes_);
  }

  // A few recorded ops, and their replays with something or nothing in between.
  void Capture(Actor actor) {
    const int number = ++programs_;
    for (int n = From(1, std::min(4, draw_.most_ops)); n > 0; --n) {
      program_.statements.push_back(pushes_.Push(actor));
      program_.statements.back().program = number;
    }
    for (int n = From(1, 3); n > 0; --n) {
      program_.statements.push_back(By(actor, Verb::kReplay));
      program_.statements.back().program = number;
      if (scopes_ > 0 && Chance(profile_.scoped_replays))
        program_.statements.back().scope = From(1, scopes_);
      SomeWaits(actor);
      if (n > 1 && Chance(15)) Push(actor, 2);
    }
  }

  void Push(Actor actor, int depth) {
    program_.statements.push_back(pushes_.Push(actor));
    const Actor inside{true, pushes_.ops()};
    if (depth < 2 && Chance(profile_.pushes_inside)) Push(inside, depth + 1);
    if (Chance(profile_.waits_inside)) Wait(inside, Verb::kWait);
    if (Chance(profile_.waits_inside)) Wait(inside, Verb::kWaitAll);
    if (Chance(profile_.looks)) Wait(inside, Verb::kLook);
    if (scopes_ == 0 || !Chance(profile_.waits_inside)) return;
    Wait(inside, Verb::kAwait);
    program_.statements.back().scope = From(1, scopes_);
  }

  void Delete(Actor actor, int threads) {
    Statement s = By(actor, Verb::kDelete);
    s.var = pushes_.AnyVar();
    if (Chance(profile_.deleter_throws)) s.deleter_throws = pushes_.AnyType();
    program_.statements.push_back(s);
    if (threads > 1 || !Chance(profile_.news)) return;
    program_.statements.push_back(By(actor, Verb::kNew));
    program_.statements.back().var = s.var;
  }

  size_t AnyPlace(size_t first = 0) {
    return static_cast<size_t>(
        From(static_cast<int>(first), static_cast<int>(program_.statements.size())));
  }
  void Insert(size_t place, const Statement& s) {
    program_.statements.insert(program_.statements.begin() + static_cast<long>(place), s);
  }
  // The push before this place, or null.
  const Statement* PushBefore(size_t place) const {
    const Statement* const before = place == 0 ? nullptr : &program_.statements[place - 1];
    return before != nullptr && before->verb == Verb::kPush ? before : nullptr;
  }

  // Somewhere, by some thread or by the body of an op.
  void InsertStop(int threads, int percent = 100) {
    if (!Chance(percent)) return;
    Statement s = By({false, From(0, threads - 1)}, Verb::kStop);
    if (Chance(profile_.cancels)) s.mode = StopMode::kCancel;
    const bool wakes = s.mode == StopMode::kCancel && Chance(60);
    const size_t place = wakes ? PlaceBehindBlocking() : AnyPlace();
    if (const Statement* push = PushBefore(place); push != nullptr) {
      if (Chance(25))
        s.actor = {true, push->op};
      else if (push->blocks)
        s.actor = push->actor;
    }
    Insert(place, s);
  }
  // Behind the push of an op that blocks, if there is one.
  size_t PlaceBehindBlocking() {
    for (int tries = 0; tries < 20; ++tries) {
      const size_t place = AnyPlace();
      if (const Statement* push = PushBefore(place); push != nullptr && push->blocks) return place;
    }
    return AnyPlace();
  }

  // Somewhere, or behind some pushes of one thread, whose bodies may block until then; or by such a
  // body itself, before it blocks.
  void InsertCancel(int threads) {
    Statement s = By({false, From(0, threads - 1)}, Verb::kCancel);
    s.scope = From(1, scopes_);
    const size_t place = AnyPlace();
    if (const Statement* push = PushBefore(place); push != nullptr) {
      s.actor = push->blocks && Chance(30) ? Actor{true, push->op} : push->actor;
      if (push->scope != 0) s.scope = push->scope;
    }
    Insert(place, s);
  }

  // Somewhere; perhaps its thread waits later until the deadline has passed.
  void InsertDeadline(int threads, int scope) {
    Statement s = By({false, From(0, threads - 1)}, Verb::kTimeout);
    s.scope = scope;
    s.far_deadline = Chance(20);
    const size_t place = AnyPlace();
    Insert(place, s);
    if (s.far_deadline || !Chance(50)) return;
    s.verb = Verb::kExpired;
    Insert(AnyPlace(place + 1), s);
  }

  void InsertRounds(int threads) {
    Statement s = By({false, From(0, threads - 1)}, Verb::kRounds);
    s.rounds = From(20, 120);
    Insert(AnyPlace(), s);
  }

  void InsertFork() { Insert(AnyPlace(), By({false, 0}, Verb::kFork)); }

  // ENG-10: nothing but pushes of one thread, so that what is ready at each start is known.
  Program Gated() {
    program_.workers = 1;
    program_.gated = true;
    const int pushes = From(2, draw_.most_ops);
    for (int i = 0; i < pushes; ++i) Push({false, 0}, 2);
    if (Chance(30)) Wait({false, 0}, Verb::kLook);
    for (Statement& s : program_.statements) {
      s.ends = Ends::kSync;
      s.throws_after = Type::kNone;
      s.far_deadline = s.short_deadline = s.lasts = s.blocks = false;
    }
    // Where no op waits for another one the order of starts is known exactly.
    if (Chance(50))
      for (Statement& s : program_.statements) s.writes.clear();
    if (Chance(12)) MakeBacklog(&program_, &dice_);
    Normalise(&program_);
    return program_;
  }

  const Draw& draw_;
  Profile profile_;
  Dice& dice_;
  PushDrawing pushes_{dice_, profile_};
  Program program_;
  int programs_ = 0;
  int bulk_ = 0;  // size
  int scopes_ = 0;
};

}  // namespace

Program GenerateProgram(const Draw& draw, uint64_t seed) {
  Program program;
  Roll(seed, [&](Dice& dice) { program = Drawing(draw, dice).Make(); });
  return program;
}

}  // namespace tenter::fuzz
