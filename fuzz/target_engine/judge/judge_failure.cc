// One failure as a wait told of it, against the expected one (ERR-5, ERR-7).
#include <array>

#include "fuzz/target_engine/judge/told.h"
#include "fuzz/target_engine/run/planned_text.h"

namespace tenter::fuzz::target_engine {
namespace {

// Words of our own runtime, which others may use too. What a target calls a place otherwise is not
// judged, if it calls it anything.
bool SamePlace(const std::string& told, FailurePlace expected) {
  if (told == FailurePlaceName(expected)) return true;
  constexpr std::array kPlaces = {FailurePlace::kBody,     FailurePlace::kCompletion,
                                  FailurePlace::kDropped,  FailurePlace::kAfterEnd,
                                  FailurePlace::kDeleter,  FailurePlace::kDeadline,
                                  FailurePlace::kCancelled};
  for (const FailurePlace place : kPlaces)
    if (told == FailurePlaceName(place)) return false;
  return !told.empty();
}

// A type is empty, or that of what was thrown, in whatever spelling.
bool SameType(const std::string& told, Type thrown) {
  const auto is = [&](const char* name) {
    return told.empty() || told.find(name) != std::string::npos;
  };
  switch (thrown) {
    case Type::kRuntimeError:
      return is("PlannedRuntimeError");
    case Type::kBadAlloc:
      return is("PlannedBadAlloc");
    case Type::kStruct:
      return is("PlannedStruct");
    default:
      return true;
  }
}

bool SameError(const ToldCase& t, const Answer& answer, const ExpectedFailure& failure) {
  if (answer.code == TGT_OK) return false;
  if (failure.caught.what == Caught::What::kStatus)
    return CodeOf(answer.code) == failure.caught.code ||
           (failure.or_caught.has_value() && CodeOf(answer.code) == failure.or_caught->code);
  for (const Pushed& p : t.order.pushes) {
    if (p.deletes || p.number != failure.number) continue;
    const Statement& s = t.c.statement(p);
    const bool same_code = s.throws != Type::kStatus || answer.code == TGT_DATA_LOSS;
    return same_code && SameType(answer.type, s.throws) &&
           answer.message.find(PlannedText(s)) != std::string::npos;
  }
  return false;
}

bool SameContext(const ToldCase& t, const Answer& answer, const ExpectedFailure& failure) {
  return answer.op == failure.op && answer.push_number == t.order.told.at(failure.number) &&
         SamePlace(answer.place, failure.place);
}

}  // namespace

std::string TextOf(const Answer& answer) {
  if (answer.code == TGT_OK) return "nothing";
  return "'" + answer.op + "' (push " + std::to_string(answer.push_number) + ", place '" +
         answer.place + "'): " + std::string(StatusCodeName(CodeOf(answer.code))) +
         (answer.type.empty() ? "" : " (" + answer.type + ")") + " '" + answer.message + "'";
}

uint64_t NumberOf(const ToldCase& t, const Answer& answer) {
  for (const Pushed& p : t.order.pushes)
    if (!p.deletes && OpName(t.c.statement(p).op) == answer.op) return p.number;
  // A wrong name, perhaps, of a number that is right.
  for (const Pushed& p : t.order.pushes)
    if (!p.deletes && t.order.told.at(p.number) == answer.push_number) return p.number;
  return 0;
}

bool TellsOf(const ToldCase& t, const Answer& answer, const ExpectedFailure& failure) {
  return SameContext(t, answer, failure) && SameError(t, answer, failure);
}

void JudgeFailure(const ToldCase& t, const Answer& answer, const ExpectedFailure& failure,
                  const std::string& where) {
  const std::string told = where + " tells of " + TextOf(answer);
  if (!SameContext(t, answer, failure))
    t.c.Report("ERR-7", "wrong context",
               told + "; expected op '" + failure.op + "', push " +
                   std::to_string(t.order.told.at(failure.number)) + ", place '" +
                   std::string(FailurePlaceName(failure.place)) + "'");
  else if (!SameError(t, answer, failure))
    t.c.Report("ERR-5", "wrong error", told + "; expected " + failure.caught.ToText());
}

}  // namespace tenter::fuzz::target_engine
