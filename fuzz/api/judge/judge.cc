#include "fuzz/api/judge/judge.h"

#include <algorithm>
#include <set>

#include "fuzz/api/judge/cancels.h"
#include "fuzz/api/judge/lives.h"
#include "fuzz/api/judge/recorded.h"
#include "fuzz/api/judge/reports.h"

namespace tenter::fuzz::api {
namespace {

using Codes = std::set<tenter_code>;

// The contract that a wrong answer about a handle breaks.
const char* ContractOf(const Line& line) {
  if (line.verb == Verb::kFailLate) return "ERR-7";
  const VerbType& type = TypeOf(line.verb);
  switch (type.needs[0]) {
    case Kind::kCachedOp:
    case Kind::kModel:
      return line.into == Into::kNothing && line.from == Input::kRight ? "COP-4" : "COP-6";
    case Kind::kIterator:
      return "ITR-5";
    default:
      return "ENG-8";
  }
}

std::string Text(const Answer& answer) {
  return ToText(*answer.line) + " answered " + tenter_code_name(answer.code);
}

class Judgement {
 public:
  explicit Judgement(const History& history) : history_(history), lives_(history) {}

  std::optional<Finding> Find() const {
    for (const Answer& answer : history_.calls) {
      if (auto finding = OfCall(answer); finding.has_value()) return finding;
    }
    for (const Answer& answer : history_.inside)
      if (auto finding = OfInside(answer); finding.has_value()) return finding;
    if (const Life* twice = lives_.FreedTwice(); twice != nullptr)
      return Finding{"ENG-8", "freed twice", "two calls freed one handle: " + ToText(*twice->maker),
                     0};
    if (auto finding = JudgeCancels(history_); finding.has_value()) return finding;
    if (auto finding = JudgeNumbers(history_); finding.has_value()) return finding;
    if (auto finding = JudgeReplays(history_); finding.has_value()) return finding;
    if (auto finding = JudgeReports(history_, lives_); finding.has_value()) return finding;
    if (!history_.wrong_ops.empty())
      return Finding{"ENG-5", "op not given back as promised", history_.wrong_ops.front(), 0};
    if (history_.threads_left > 0)
      return Finding{"ENG-9", "threads left",
                     std::to_string(history_.threads_left) + " threads outlive the context", 0};
    if (history_.descriptors_left > 0)
      return Finding{"ITR-5", "descriptors left",
                     std::to_string(history_.descriptors_left) + " descriptors outlive the context",
                     0};
    return std::nullopt;
  }

 private:
  std::optional<Finding> OfCall(const Answer& answer) const {
    const Line& line = *answer.line;
    if (!answer.wrong.empty())
      return Finding{ContractOf(line), "wrong beside its code", Text(answer) + ": " + answer.wrong,
                     0};
    const Standing standing = lives_.Of(answer);
    Codes right;
    if (standing != Standing::kStale) right = WhenAlive(answer);
    if (standing != Standing::kAlive) right.insert(TENTER_STALE_HANDLE);
    if (standing == Standing::kEither) right.insert(TENTER_CLOSED);
    if (IsRefused(answer)) {
      // Which of two mistakes is told is not promised.
      right.erase(TENTER_OK);
      right.insert(TENTER_INVALID_ARGUMENT);
    }
    if (right.contains(answer.code)) return std::nullopt;
    const bool stale = standing == Standing::kStale;
    const bool stops = !stale && right.contains(TENTER_STOPPED);
    const bool of_scope = BelongsElsewhere(answer) || line.verb == Verb::kScopeTimeout ||
                          line.verb == Verb::kRecordScoped;
    const bool scopes = standing == Standing::kAlive && of_scope;
    return Finding{stops    ? "ENG-9"
                   : scopes ? "ERR-11"
                            : ContractOf(line),
                   stale ? "a wrong handle was not refused as stale" : "the wrong code",
                   Text(answer) + ", expected " + Names(right), 0};
  }

  // Whatever else its handles are. An op that is short has no body.
  static bool IsRefused(const Answer& answer) {
    const Line& line = *answer.line;
    return line.size == Size::kNone || line.size == Size::kMore ||
           (line.size == Size::kShort && HasEnd(line.verb)) || line.runs != Runs::kOne ||
           !IsTime(line.timeout) || (line.verb == Verb::kRecordScoped && answer.given[1] != 0);
  }

  static std::string Names(const Codes& codes) {
    std::string names;
    for (const tenter_code code : codes)
      names += (names.empty() ? "" : " or ") + std::string(tenter_code_name(code));
    return names;
  }

  // A scope is one of its own engine.
  bool BelongsElsewhere(const Answer& answer) const {
    const bool is_engine = TypeOf(answer.line->verb).needs[0] == Kind::kEngine;
    const uintptr_t engine = is_engine ? answer.given[0] : lives_.EngineOf(answer.given[0]);
    return ScopeOf(answer) != 0 && lives_.EngineOf(ScopeOf(answer)) != engine;
  }

  // The codes that are right when every handle is alive.
  Codes WhenAlive(const Answer& answer) const {
    const Line& line = *answer.line;
    switch (line.verb) {
      case Verb::kPush:
      case Verb::kPushWaits:
      case Verb::kPushFrees:
      case Verb::kDeleteVar:
        return ByStop(lives_.StoppedEngine(answer, answer.given[0]));
      case Verb::kPushScoped:
      case Verb::kPushFreesScope:
        if (BelongsElsewhere(answer)) return {TENTER_INVALID_ARGUMENT};
        return ByStop(lives_.StoppedEngine(answer, answer.given[0]));
      case Verb::kReplayScoped:
        if (BelongsElsewhere(answer)) return {TENTER_INVALID_ARGUMENT};
        return ByStop(lives_.StoppedEngine(answer, lives_.EngineOf(answer.given[0])));
      case Verb::kCapture:
        return {TENTER_OK, TENTER_INVALID_ARGUMENT, TENTER_STOPPED};  // nothing may be recorded
      case Verb::kBulkPushScoped:
        if (BelongsElsewhere(answer)) return {TENTER_INVALID_ARGUMENT};
        [[fallthrough]];
      case Verb::kMakeProgram:
      case Verb::kBulk:
      case Verb::kScope:
      case Verb::kCachedOp:
      case Verb::kBulkPush:
      case Verb::kBulkFlush:
      case Verb::kReplay:
        if (lives_.StoppedAny(answer)) return {TENTER_OK, TENTER_STOPPED};
        return {TENTER_OK};
      case Verb::kInvoke:
        return ByBuffers(line, lives_.StoppedAny(answer));
      case Verb::kScopeTimeout:
        return TimeoutCodes(history_, answer);
      case Verb::kNext:
      case Verb::kReset:
        return ByClose(lives_.Closed(answer));
      case Verb::kSkipped:
        if (lives_.Closed(answer) != Standing::kAlive) return {TENTER_OK, TENTER_CLOSED};
        return {TENTER_OK};
      default:
        return {TENTER_OK};
    }
  }
  // Which of two mistakes is told is not promised.
  static Codes ByBuffers(const Line& line, bool may_be_stopped) {
    Codes codes = {Takes(line.into) && Takes(line.from) ? TENTER_OK : TENTER_INVALID_ARGUMENT};
    // No code is promised for a number of bytes that no number holds.
    if (line.from == Input::kHuge) codes.insert(TENTER_OUT_OF_RANGE);
    if (may_be_stopped) codes.insert(TENTER_STOPPED);
    return codes;
  }
  static Codes ByStop(Standing engine) {
    if (engine == Standing::kAlive) return {TENTER_OK};
    if (engine == Standing::kStale) return {TENTER_STOPPED};
    return {TENTER_OK, TENTER_STOPPED};
  }
  static Codes ByClose(Standing iterator) {
    if (iterator == Standing::kAlive) return {TENTER_OK};
    if (iterator == Standing::kStale) return {TENTER_CLOSED};
    return {TENTER_OK, TENTER_CLOSED};
  }

  // A body may free its engine, which goes later. A wait is refused, and so is a free that waits.
  static tenter_code RightInside(const Answer& answer) {
    const Verb verb = answer.line->verb;
    const bool frees_nothing = verb == Verb::kPushFreesScope && answer.given[1] == 0;
    return verb == Verb::kPushFrees || frees_nothing ? TENTER_OK : TENTER_WAIT_INSIDE_OP;
  }
  // Of what a body waits for or frees.
  Standing StandingInside(const Answer& answer) const {
    if (answer.line->verb != Verb::kPushFreesScope) return lives_.Of(answer);
    return answer.given[1] == 0 ? Standing::kAlive : lives_.OfScope(answer);
  }

  std::optional<Finding> OfInside(const Answer& answer) const {
    if (answer.end == 0) return std::nullopt;  // its body never ran
    const bool frees = answer.line->verb == Verb::kPushFrees;
    if (!answer.wrong.empty())
      return Finding{frees ? "ENG-8" : "ENG-7", "wrong beside its code",
                     "inside: " + Text(answer) + ": " + answer.wrong, 0};
    const Standing standing = StandingInside(answer);
    Codes right;
    if (standing != Standing::kStale) right.insert(RightInside(answer));
    if (standing != Standing::kAlive || answer.end > history_.closing)
      right.insert(TENTER_STALE_HANDLE);
    if (right.contains(answer.code)) return std::nullopt;
    const std::string told = "inside: " + Text(answer) + ", expected " + Names(right);
    if (frees || !right.contains(TENTER_WAIT_INSIDE_OP))
      return Finding{"ENG-8", "the wrong code", told, 0};
    return Finding{"ENG-7", "a wait inside an op was not refused", told, 0};
  }

  const History& history_;
  const Lives lives_;
};

}  // namespace

std::optional<Finding> Judge(const History& history) { return Judgement(history).Find(); }

}  // namespace tenter::fuzz::api
