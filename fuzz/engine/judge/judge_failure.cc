// A failure that somebody saw, against the expected one (ERR-5, ERR-7).
#include "fuzz/engine/judge/parts.h"

namespace tenter::fuzz {
namespace {

bool SameCaught(const Caught& seen, const Caught& expected) {
  if (seen.what != expected.what) return false;
  if (seen.what == Caught::What::kPlanned)
    return seen.type == expected.type && seen.id == expected.id;
  return seen.code == expected.code;
}

bool Cancels(const Caught& caught) {
  return caught.what == Caught::What::kStatus &&
         (caught.code == StatusCode::kStopped || caught.code == StatusCode::kDeadlineExceeded);
}

}  // namespace

const char* ContractOfException(const Caught& seen, const Caught& expected) {
  return Cancels(seen) && Cancels(expected) ? "ERR-11" : "ERR-5";
}

bool Same(const Caught& seen, const ExpectedFailure& expected) {
  return SameCaught(seen, expected.caught) ||
         (expected.or_caught.has_value() && SameCaught(seen, *expected.or_caught));
}

void JudgeFailure(const Case& c, const FailureSeen& seen, const ExpectedFailure& expected,
                  const std::string& where) {
  const bool on_worker = expected.place == FailurePlace::kBody ||
                         (expected.place == FailurePlace::kAfterEnd && !expected.by_handle) ||
                         expected.place == FailurePlace::kDeleter;
  if (!Same(seen.caught, expected))
    c.Report(
        ContractOfException(seen.caught, expected.caught), "wrong exception",
        where + " tells of " + seen.caught.ToText() + ", expected " + expected.caught.ToText());
  else if (seen.push_number != expected.number ||
           (!expected.op.empty() && seen.op != expected.op) || seen.place != expected.place ||
           seen.thread.empty() ||
           (on_worker && c.program.workers > 0 && !seen.thread.starts_with("tenter-w")))
    c.Report("ERR-7", "wrong context",
             where + " tells of op '" + seen.op + "', push " + std::to_string(seen.push_number) +
                 ", place " + std::string(FailurePlaceName(seen.place)) + ", thread '" +
                 seen.thread + "'; expected op '" + expected.op + "', push " +
                 std::to_string(expected.number) + ", place " +
                 std::string(FailurePlaceName(expected.place)));
}

bool JudgeContext(const Case& c, const Expectation& expect, const VarSeen& seen,
                  const ExpectedFailure& root, const std::string& where) {
  constexpr size_t kKnown = 256;  // of more failures that were reported an engine forgets some
  if (!root.in_log_of_engine() || (!seen.has_context && expect.reported.size() > kKnown))
    return false;
  if (!seen.has_context)
    c.Report("ERR-7", "no context", where + ": FailureOf knows nothing of the exception");
  else
    JudgeFailure(c, seen.context, root, where);
  return seen.has_context;
}

}  // namespace tenter::fuzz
