#include "fuzz/engine/program/meetings.h"

#include <algorithm>

namespace tenter::fuzz {
namespace {

bool Uses(const Statement& s, int letter) {
  if (s.verb == Verb::kDelete) return s.var == letter;
  return std::count(s.reads.begin(), s.reads.end(), letter) +
             std::count(s.writes.begin(), s.writes.end(), letter) >
         0;
}

bool WritesWhatIsUsed(const Statement& writer, const Statement& user) {
  if (writer.verb == Verb::kDelete) return Uses(user, writer.var);
  return std::any_of(writer.writes.begin(), writer.writes.end(),
                     [&](int letter) { return Uses(user, letter); });
}

// Ops of bulks and programs wait for more than for their own vars; a fork waits for bodies; and a
// worker that was idle may not come back.
bool MayMeet(const Program& program) {
  return program.workers >= 2 && !program.gated && !(program.idle && program.noise != 0) &&
         !HasBulk(program) && !Has(program, Verb::kReplay) && !Has(program, Verb::kFork);
}

class MeetingRules {
 public:
  explicit MeetingRules(const Program& program) : statements_(program.statements) {
    if (MayMeet(program)) left_ = program.workers - 1;
  }

  bool Allow(size_t waits) {
    const Statement& s = statements_[waits];
    const auto awaited = std::find_if(statements_.begin(), statements_.end(), [&](const auto& y) {
      return y.verb == Verb::kPush && y.op == s.meets;
    });
    if (left_ == 0 || awaited == statements_.end()) return false;
    const auto other = static_cast<size_t>(awaited - statements_.begin());
    if (!CanWait(s) || !CanBeAwaited(*awaited)) return false;
    if (!IsSurelyPushed(waits, other) || Reaches(waits, other)) return false;
    meetings_.push_back({waits, other});
    --left_;
    return true;
  }

 private:
  struct Meeting {
    size_t waits, awaited;
  };

  static bool IsByPusher(const Statement& s) { return !s.actor.is_op && s.program == 0; }
  // A body that runs once, and nothing but its beginning is left to chance.
  static bool CanWait(const Statement& s) {
    return IsByPusher(s) && !s.blocks && s.ends != Ends::kHeld && !Races(s);
  }
  // The body is gone when the op has ended, so that nobody waits for one that does not run.
  static bool CanBeAwaited(const Statement& s) { return IsByPusher(s) && s.ends == Ends::kSync; }

  static bool WaitsForOps(Verb verb) {
    return verb != Verb::kPush && verb != Verb::kDelete && verb != Verb::kNew &&
           verb != Verb::kTimeout && verb != Verb::kCancel;
  }

  // The pusher of the op that is awaited may not wait for the op that waits before it pushes.
  bool IsSurelyPushed(size_t waits, size_t awaited) const {
    const Actor pusher = statements_[awaited].actor;
    const bool same = pusher == statements_[waits].actor;
    for (size_t i = same ? waits : 0; i < awaited; ++i)
      if (statements_[i].actor == pusher && WaitsForOps(statements_[i].verb)) return false;
    return true;
  }

  // Whether op `later` may have to wait until `earlier` has ended. Only one actor's pushes have an
  // order that is known.
  bool MayFollow(size_t earlier, size_t later) const {
    const Statement &a = statements_[earlier], &b = statements_[later];
    const bool ops = (a.verb == Verb::kPush || a.verb == Verb::kDelete) &&
                     (b.verb == Verb::kPush || b.verb == Verb::kDelete);
    if (!ops || earlier == later || (a.actor == b.actor && earlier > later)) return false;
    return WritesWhatIsUsed(a, b) || WritesWhatIsUsed(b, a);
  }
  bool Waits(size_t earlier, size_t later) const {
    return MayFollow(earlier, later) ||
           std::any_of(meetings_.begin(), meetings_.end(), [&](const Meeting& meeting) {
             return meeting.awaited == earlier && meeting.waits == later;
           });
  }

  // Whether `to` may have to wait for `from`, perhaps by way of others.
  bool Reaches(size_t from, size_t to) const {
    std::vector<bool> known(statements_.size());
    std::vector<size_t> next = {from};
    known[from] = true;
    while (!next.empty() && !known[to]) {
      const size_t at = next.back();
      next.pop_back();
      for (size_t i = 0; i < statements_.size(); ++i)
        if (!known[i] && Waits(at, i)) {
          known[i] = true;
          next.push_back(i);
        }
    }
    return known[to];
  }

  const std::vector<Statement>& statements_;
  std::vector<Meeting> meetings_;
  int left_ = 0;
};

}  // namespace

void NormaliseMeetings(Program* program) {
  MeetingRules rules(*program);
  for (size_t i = 0; i < program->statements.size(); ++i) {
    Statement& s = program->statements[i];
    if (s.meets != 0 && !rules.Allow(i)) s.meets = 0;
  }
}

}  // namespace tenter::fuzz
