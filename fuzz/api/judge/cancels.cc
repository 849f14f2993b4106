#include "fuzz/api/judge/cancels.h"

#include <algorithm>
#include <string>
#include <vector>

namespace tenter::fuzz::api {
namespace {

// What bodies learn of a call that cancels their scope at once or in a moment, or their engine; OK:
// it does neither.
tenter_code ReasonOf(const Answer& answer) {
  const Line& line = *answer.line;
  if (!Succeeded(answer)) return TENTER_OK;
  if (line.verb == Verb::kScopeCancel || line.verb == Verb::kStopCancel) return TENTER_STOPPED;
  const bool comes = line.verb == Verb::kScopeTimeout && Comes(line.after);
  return comes ? TENTER_DEADLINE_EXCEEDED : TENTER_OK;
}

bool IsInScope(const Ran& ran) { return ScopeOf(*ran.call) != 0 && Succeeded(*ran.call); }

uintptr_t EngineOf(const History& history, const Answer& push) {
  if (TypeOf(push.line->verb).needs[0] == Kind::kEngine) return push.given[0];
  const auto made = std::find_if(history.calls.begin(), history.calls.end(), [&](const Answer& a) {
    return a.line->made != 0 && Succeeded(a) && a.made == push.given[0];
  });
  return made == history.calls.end() ? 0 : made->given[0];
}

// The calls that end the scope of a push or a replay, or stop its engine with cancel.
std::vector<const Answer*> EndsOf(const History& history, const Answer& push) {
  const uintptr_t scope = ScopeOf(push), engine = EngineOf(history, push);
  std::vector<const Answer*> ends;
  for (const Answer& answer : history.calls) {
    const uintptr_t ended = answer.line->verb == Verb::kStopCancel ? engine : scope;
    if (ended != 0 && answer.given[0] == ended && ReasonOf(answer) != TENTER_OK)
      ends.push_back(&answer);
  }
  return ends;
}

// Before the push: a call said so, or the body of an op had been told.
bool HadEnded(const History& history, const Answer& push, const std::vector<const Answer*>& ends) {
  const bool cancelled = std::any_of(ends.begin(), ends.end(), [&](const Answer* end) {
    return end->line->verb == Verb::kScopeCancel && end->end < push.begin;
  });
  return cancelled || std::any_of(history.ran.begin(), history.ran.end(), [&](const Ran& other) {
           return IsInScope(other) && ScopeOf(*other.call) == ScopeOf(push) &&
                  other.heard != TENTER_OK && other.heard_at < push.begin;
         });
}

// What one op saw, by the calls that cancel its scope.
class Seen {
 public:
  Seen(const History& history, const Ran& ran)
      : history_(history), ran_(ran), ends_(EndsOf(history, *ran.call)) {}

  std::optional<Finding> Find() const {
    const std::string op = ToText(*ran_.call->line);
    if (ran_.heard != TENTER_OK && !MayHear())
      return Finding{"ERR-11 or ERR-12", "a body was told of a cancel that was none",
                     op + " was told of " + tenter_code_name(ran_.heard), 0};
    if (!ran_.wrong_wake.empty())
      return Finding{"ERR-12", "a callback of a body", op + " " + ran_.wrong_wake, 0};
    if (ran_.unheard && !ends_.empty())
      return Finding{
          ends_[0]->line->verb == Verb::kStopCancel ? "ENG-9 or ERR-12" : "ERR-11 or ERR-12",
          "a body was told of no cancel", op + ": it was ended by " + ToText(*ends_[0]->line), 0};
    if (ran_.times == 0 && ends_.empty() && !MayBeRefusedLater())
      return Finding{"ERR-11", "cancelled without a cancel", op, 0};
    if (ran_.times > 0 && HadEnded(history_, *ran_.call, ends_))
      return Finding{"ERR-11", "an op of a scope that was cancelled ran", op, 0};
    return std::nullopt;
  }

 private:
  // A stop hands over what bulks hold, and refuses what comes into them behind it.
  bool MayBeRefusedLater() const {
    const uintptr_t engine = EngineOf(history_, *ran_.call);
    return PushesToBulk(ran_.call->line->verb) &&
           std::any_of(history_.calls.begin(), history_.calls.end(), [&](const Answer& stop) {
             return Stops(stop.line->verb) && stop.given[0] == engine && Succeeded(stop) &&
                    stop.begin < ran_.call->end;
           });
  }
  // Which of two that end the scope is told is not promised.
  bool MayHear() const {
    return std::any_of(ends_.begin(), ends_.end(), [this](const Answer* end) {
      return end->begin < ran_.heard_at && ReasonOf(*end) == ran_.heard;
    });
  }

  const History& history_;
  const Ran& ran_;
  const std::vector<const Answer*> ends_;
};

bool GivesDeadline(const Answer& answer) {
  return answer.line->verb == Verb::kScopeTimeout && Nanoseconds(answer.line->after) > 0;
}

}  // namespace

std::set<tenter_code> TimeoutCodes(const History& history, const Answer& timeout) {
  if (!GivesDeadline(timeout)) return {TENTER_INVALID_ARGUMENT};
  std::set<tenter_code> codes = {TENTER_OK};
  for (const Answer& other : history.calls) {
    if (&other == &timeout || !GivesDeadline(other) || other.given[0] != timeout.given[0]) continue;
    if (!Succeeded(other) || other.begin > timeout.end) continue;
    codes.insert(TENTER_INVALID_ARGUMENT);
    if (other.end < timeout.begin) return {TENTER_INVALID_ARGUMENT};
  }
  return codes;
}

bool SurelyCancelled(const History& history, const Answer& push) {
  return ScopeOf(push) != 0 && HadEnded(history, push, EndsOf(history, push));
}

bool MayBeCancelled(const History& history, const Answer& push) {
  return !EndsOf(history, push).empty();
}

std::optional<Finding> JudgeCancels(const History& history) {
  for (const Ran& ran : history.ran) {
    if (!PushesInScope(ran.call->line->verb) || !Succeeded(*ran.call)) continue;
    if (auto finding = Seen(history, ran).Find(); finding.has_value()) return finding;
  }
  std::set<uintptr_t> timed;
  for (const Answer& answer : history.calls)
    if (GivesDeadline(answer) && Succeeded(answer) && !timed.insert(answer.given[0]).second)
      return Finding{"ERR-11", "two deadlines of one scope", ToText(*answer.line), 0};
  return std::nullopt;
}

}  // namespace tenter::fuzz::api
