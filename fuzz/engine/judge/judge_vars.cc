// Values and poison of the vars after everything has ended, against the sequential model.
#include <algorithm>
#include <iterator>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"
#include "fuzz/engine/program/values.h"

namespace tenter::fuzz {
namespace {

std::string Numbers(const std::set<uint64_t>& numbers) {
  std::string text;
  for (const uint64_t n : numbers) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return text.empty() ? "none" : text;
}

// Whether the push with this number reads a var that it writes.
bool IsUpdate(const Case& c, uint64_t number) {
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    if (s.verb != Verb::kPush || c.history.statements[i].push_number != number) continue;
    return std::any_of(s.reads.begin(), s.reads.end(), [&](int letter) {
      return std::count(s.writes.begin(), s.writes.end(), letter) > 0;
    });
  }
  return false;
}

// ERR-2 to ERR-4: the poison of one var.
void JudgePoison(const Case& c, int instance, const VarSeen& seen, const Expectation& expect) {
  const std::vector<Version>& versions = expect.versions[instance];
  const std::set<uint64_t>& wanted = versions.back().failures;
  std::set<uint64_t> got;
  for (const FailureSeen& f : seen.failures) got.insert(f.push_number);
  const std::string what = "var number " + std::to_string(instance) +
                           " carries the failures of pushes " + Numbers(got) + ", expected " +
                           Numbers(wanted);
  if (got == wanted) {
    for (size_t i = 0; i < seen.failures.size(); ++i)
      if (seen.failures[i].push_number != *std::next(wanted.begin(), static_cast<long>(i)))
        return c.Report("ERR-3", "wrong root", what + "; the first is not the root");
    return;
  }
  if (wanted.empty())
    return c.Report(WasHealed(versions) ? "ERR-4" : "ERR-2", "poisoned without a failure", what);
  const uint64_t last = versions.back().number;
  if (got.empty()) {
    const auto own = expect.failures.find(last);
    if (own != expect.failures.end())
      return c.Report("ERR-1", "failure lost", what + "; the last op that wrote it had failed");
    return c.Report("ERR-2", "poison lost", what);
  }
  // Its own failure alone, and not what it had read.
  if (*got.begin() == last && *wanted.begin() < last && IsUpdate(c, last))
    return c.Report("ERR-4", "wrong root", what + "; the update that wrote it last healed it");
  c.Report("ERR-3", *got.begin() == *wanted.begin() ? "wrong also" : "wrong root", what);
}

using Chain = std::vector<std::pair<uint64_t, std::string>>;

// All ops of a long chain are counted, and only so many named: whichever came first.
bool SameChain(const Chain& seen, const Chain& expected) {
  Chain named;
  std::copy_if(seen.begin(), seen.end(), std::back_inserter(named),
               [](const auto& op) { return op.first != 0; });
  return seen.size() == expected.size() &&
         named.size() == std::min(expected.size(), Failure::kChainKept) &&
         std::includes(expected.begin(), expected.end(), named.begin(), named.end());
}

// ERR-5: at every wait the root failure, with its own type.
void JudgeThrown(const Case& c, int instance, const VarSeen& seen, const Expectation& expect) {
  const std::set<uint64_t>& wanted = expect.versions[instance].back().failures;
  const std::string where = "a wait on var number " + std::to_string(instance);
  if (wanted.empty()) {
    if (seen.caught.what != Caught::What::kNothing)
      c.Report("ERR-5", "threw on a healthy var", where + " threw " + seen.caught.ToText());
    return;
  }
  const ExpectedFailure& root = expect.failures.at(*wanted.begin());
  if (!Same(seen.caught, root))
    return c.Report(
        ContractOfException(seen.caught, root.caught), "wrong exception",
        where + " threw " + seen.caught.ToText() + ", expected " + root.caught.ToText());
  if (!JudgeContext(c, expect, seen, root, where)) return;
  const auto chain = expect.chains.find(root.number);
  const Chain expected_chain = chain == expect.chains.end() ? Chain{} : chain->second;
  if (!SameChain(seen.context.chain, expected_chain))
    c.Report("ERR-7", "wrong chain",
             where + ": the chain of " + root.op + " has " +
                 std::to_string(seen.context.chain.size()) + " ops, expected " +
                 std::to_string(expected_chain.size()));
}

}  // namespace

void JudgeVars(const Case& c, const Expectation& expect) {
  for (size_t i = 0; i < expect.versions.size(); ++i) {
    const VarSeen& seen = c.history.final_vars[i];
    const int instance = static_cast<int>(i);
    const Version& last = expect.versions[i].back();
    if (last.value == kTombstone) {
      if (seen.code != StatusCode::kStaleHandle || seen.caught.code != StatusCode::kStaleHandle)
        c.Report("ENG-8", "no stale handle",
                 "a wait on a deleted var answered " + std::string(StatusCodeName(seen.code)) +
                     " and " + seen.caught.ToText());
      continue;
    }
    if (seen.code != StatusCode::kOk) {
      c.Report("ENG-8", "refused a live handle",
               "a wait on a live var answered " + std::string(StatusCodeName(seen.code)));
      continue;
    }
    JudgePoison(c, instance, seen, expect);
    JudgeThrown(c, instance, seen, expect);
    if (seen.value != last.value)
      c.Report(last.failures.empty() ? "ENG-1" : "ERR-2", "wrong value at the end",
               "var number " + std::to_string(i) +
                   " does not hold what the last write of it gives in push order");
  }
}

}  // namespace tenter::fuzz
