// What waits for vars told of failures (ERR-1 to ERR-5, ERR-7).
#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"
#include "fuzz/target_engine/judge/told.h"

namespace tenter::fuzz::target_engine {
namespace {

// One failure of which some wait told.
struct Tell {
  uint64_t number;
  Span span;
  int instance;  // -1: a wait for all
};

std::vector<Tell> TellsIn(const ToldCase& t) {
  std::vector<Tell> tells;
  const auto add_var = [&](const VarWait& wait) {
    if (wait.answer.code != TGT_OK)
      tells.push_back({NumberOf(t, wait.answer), wait.span, wait.instance});
  };
  const auto add_all = [&](const AllWait& wait) {
    for (const Answer& failure : wait.failures)
      tells.push_back({NumberOf(t, failure), wait.span, -1});
  };
  for (const VarWait& wait : t.history.var_waits) add_var(wait);
  for (const AllWait& wait : t.history.all_waits) add_all(wait);
  for (const std::vector<VarWait>& round : t.history.last_var_waits)
    for (const VarWait& wait : round) add_var(wait);
  for (const AllWait& wait : t.history.last_all_waits) add_all(wait);
  return tells;
}

class VarWaits {
 public:
  explicit VarWaits(const ToldCase& t) : t_(t), tells_(TellsIn(t)) {}

  void Judge(const VarWait& wait, size_t first, size_t last, const std::string& where) const {
    const std::vector<Version>& versions = t_.expect.versions[wait.instance];
    for (size_t v = first; v <= last; ++v)
      if (Fits(wait, versions[v])) return JudgeValue(wait, versions[v], where);
    if (t_.promises.errors == TGT_ERRORS_NOT_AT_ALL)
      return t_.c.Report(
          "ERR-5", "a wait failed",
          where + " told of " + TextOf(wait.answer) + ", and the target says that no wait fails");
    if (first == last) return Blame(wait, versions, last, where);
    t_.c.Report(
        "ERR-5", "wait told the wrong thing",
        where + " told of " + TextOf(wait.answer) + ", which fits no write that it may have seen");
  }

  // ERR-7, where every wait tells and nothing moves any more.
  void JudgeChain(const VarWait& wait, const std::string& where) const {
    const Version& version = t_.expect.versions[wait.instance].back();
    if (t_.promises.errors != TGT_ERRORS_EVERY_WAIT || version.failures.empty() ||
        wait.answer.chain_length == 0 || t_.expect.shortened)
      return;
    const auto chain = t_.expect.chains.find(NumberOf(t_, wait.answer));
    const size_t expected = chain == t_.expect.chains.end() ? 0 : chain->second.size();
    if (wait.answer.chain_length != expected)
      t_.c.Report("ERR-7", "wrong chain",
                  where + ": the failure has reached " + std::to_string(expected) + " ops, and " +
                      std::to_string(wait.answer.chain_length) + " are told of");
  }

 private:
  const ExpectedFailure& Failure(uint64_t number) const { return t_.expect.failures.at(number); }

  bool Fits(const VarWait& wait, const Version& version) const {
    const bool succeeded = wait.answer.code == TGT_OK;
    if (version.failures.empty() || t_.promises.errors == TGT_ERRORS_NOT_AT_ALL) return succeeded;
    if (t_.promises.errors == TGT_ERRORS_ONCE) return FitsOnce(wait, version);
    return !succeeded &&
           std::any_of(version.failures.begin(), version.failures.end(), [&](uint64_t number) {
             return MayBeRoot(number, version) && TellsOf(t_, wait.answer, Failure(number));
           });
  }

  // The first of them. Without a total order every one that no other surely came before.
  bool MayBeRoot(uint64_t number, const Version& version) const {
    if (t_.promises.total_order) return number == *version.failures.begin();
    const auto pushed = [this](uint64_t n) -> const Span& {
      return t_.c.seen(t_.order.pushes[n - 1]).span;
    };
    return std::none_of(version.failures.begin(), version.failures.end(),
                        [&](uint64_t other) { return pushed(other).end < pushed(number).begin; });
  }

  bool FitsOnce(const VarWait& wait, const Version& version) const {
    const auto told = [&](uint64_t number, bool surely_here) {
      return std::any_of(tells_.begin(), tells_.end(), [&](const Tell& tell) {
        if (tell.number != number) return false;
        if (surely_here) return tell.instance == wait.instance && tell.span.end < wait.span.begin;
        return tell.span.begin < wait.span.end && tell.span.begin != wait.span.begin;
      });
    };
    const bool perhaps = std::any_of(version.failures.begin(), version.failures.end(),
                                     [&](uint64_t number) { return told(number, false); });
    if (wait.answer.code == TGT_OK) return perhaps;
    for (const uint64_t number : version.failures) {
      if (TellsOf(t_, wait.answer, Failure(number)))
        return !told(number, true) && (perhaps || MayBeRoot(number, version));
    }
    return false;
  }

  void JudgeValue(const VarWait& wait, const Version& version, const std::string& where) const {
    if (!wait.has_value || wait.value == version.value) return;
    const bool waited = version.failures.empty() && IsStatement(wait);
    t_.c.Report(waited                     ? "ENG-6"
                : version.failures.empty() ? "ENG-1"
                                           : "ERR-2",
                waited ? "value not there after a wait" : "wrong value at the end",
                where + " returned, and the var does not hold the value of its last write");
  }
  bool IsStatement(const VarWait& wait) const {
    return std::any_of(t_.history.var_waits.begin(), t_.history.var_waits.end(),
                       [&](const VarWait& other) { return &other == &wait; });
  }

  // What is wrong, when there is one state only that the wait can have seen.
  void Blame(const VarWait& wait, const std::vector<Version>& versions, size_t at,
             const std::string& where) const {
    const Version& version = versions[at];
    const Answer& answer = wait.answer;
    const std::string told = where + " told of " + TextOf(answer);
    if (version.failures.empty()) {
      const bool healed =
          WasHealed({versions.begin(), versions.begin() + static_cast<long>(at) + 1});
      return t_.c.Report(healed ? "ERR-4" : "ERR-2", "poisoned without a failure",
                         told + ", and the var is healthy");
    }
    const ExpectedFailure& root = Failure(*version.failures.begin());
    if (answer.code == TGT_OK) {
      const bool own = t_.expect.failures.contains(version.number);
      return t_.c.Report(own ? "ERR-1" : "ERR-2", own ? "failure lost" : "poison lost",
                         told + ", expected the failure of " + root.op);
    }
    const uint64_t number = NumberOf(t_, answer);
    if (number == root.number && TellsOf(t_, answer, root))
      return t_.c.Report("ERR-5", "told again", told + ", which it had told before");
    if (number == root.number) return JudgeFailure(t_, answer, root, where);
    t_.c.Report("ERR-3", "wrong root", told + ", expected the failure of " + root.op);
  }

  const ToldCase& t_;
  const std::vector<Tell> tells_;
};

}  // namespace

void JudgeVarWaits(const ToldCase& t) {
  const VarWaits waits(t);
  for (size_t i = 0; i < t.history.var_waits.size(); ++i) {
    const VarWait& wait = t.history.var_waits[i];
    const Statement& s = t.c.program.statements[i];
    if (!wait.span.happened() || s.actor.is_op || wait.answer.code == TGT_STALE_HANDLE ||
        wait.instance < 0 || SurelyDeleted(t.c, wait.instance, wait.span.begin))
      continue;
    const Candidates candidates = FindCandidates(t.c, t.order.pushes, wait.instance, wait.span);
    waits.Judge(wait, candidates.first, candidates.last, ToText(s));
  }
  const auto last_waits = [&](auto judge) {
    for (const std::vector<VarWait>& round : t.history.last_var_waits)
      for (const VarWait& wait : round)
        if (!SurelyDeleted(t.c, wait.instance, INT64_MAX))
          judge(wait, "the last wait for var number " + std::to_string(wait.instance));
  };
  last_waits([&](const VarWait& wait, const std::string& where) {
    const size_t last = t.expect.versions[wait.instance].size() - 1;
    waits.Judge(wait, last, last, where);
  });
  // What else is wrong may have made a chain longer.
  if (!t.c.findings.empty()) return;
  last_waits([&](const VarWait& wait, const std::string& where) { waits.JudgeChain(wait, where); });
}

}  // namespace tenter::fuzz::target_engine
