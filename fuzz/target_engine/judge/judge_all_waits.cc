// What waits for all told of failures (ERR-6, ERR-7).
#include <map>
#include <set>

#include "fuzz/engine/program/to_text.h"
#include "fuzz/target_engine/judge/told.h"

namespace tenter::fuzz::target_engine {
namespace {

class AllWaits {
 public:
  explicit AllWaits(const ToldCase& t) : t_(t) {
    for (const ExpectedFailure& failure : t.expect.reported) missing_[failure.number] = failure;
  }

  void Add(const AllWait& wait, const std::string& where) {
    uint64_t before = 0;
    for (const Answer& failure : wait.failures) {
      if (failure.push_number < before && t_.promises.total_order)
        t_.c.Report("ERR-6", "report not in push order",
                    where + " tells too late of " + TextOf(failure));
      before = failure.push_number;
      AddOne(failure, where, wait.span);
    }
  }

  // The wait must have told of what was pushed before it: no later one may.
  void JudgeLate(const AllWait& wait, const std::string& where) const {
    if (t_.promises.errors == TGT_ERRORS_NOT_AT_ALL) return;
    for (const Pushed& p : t_.order.pushes) {
      const auto told = told_.find(p.number);
      if (!p.deletes && told != told_.end() && t_.c.seen(p).span.end < wait.span.begin &&
          wait.span.end < told->second.begin && !MayLeaveOut(p.number, wait))
        t_.c.Report("ERR-6", "reported too late",
                    where + " did not tell of " + ToText(t_.c.statement(p)) +
                        ", which was pushed before the call; a later one did");
    }
  }

  // What is missing after the last wait.
  void End() const {
    if (t_.promises.errors == TGT_ERRORS_NOT_AT_ALL) return;
    for (const auto& [number, failure] : missing_)
      if (t_.promises.errors == TGT_ERRORS_EVERY_WAIT || !ToldByVar(number))
        t_.c.Report("ERR-6", "never reported", "no wait for all tells of " + failure.op);
  }

 private:
  void AddOne(const Answer& answer, const std::string& where, const Span& span) {
    const uint64_t number = NumberOf(t_, answer);
    const std::string told = where + " tells of " + TextOf(answer);
    const auto expected = missing_.find(number);
    if (told_.contains(number)) {
      t_.c.Report("ERR-6", "reported twice",
                  told + ", of which another wait for all, or this one, has told already");
    } else if (expected == missing_.end()) {
      t_.c.Report("ERR-6", "reported without a failure", told + ", which did not fail as a root");
    } else {
      JudgeFailure(t_, answer, expected->second, where);
      missing_.erase(expected);
    }
    told_[number] = span;
  }

  // Under ONCE: what a wait for a var has told, or tells meanwhile.
  bool MayLeaveOut(uint64_t number, const AllWait& wait) const {
    return t_.promises.errors == TGT_ERRORS_ONCE && ToldByVar(number, wait.span.end);
  }

  bool ToldByVar(uint64_t number, int64_t before = INT64_MAX) const {
    const auto tells = [&](const VarWait& told) {
      return told.answer.code != TGT_OK && told.span.begin < before &&
             NumberOf(t_, told.answer) == number;
    };
    for (const VarWait& wait : t_.history.var_waits)
      if (tells(wait)) return true;
    for (const std::vector<VarWait>& round : t_.history.last_var_waits)
      for (const VarWait& wait : round)
        if (tells(wait)) return true;
    return false;
  }

  const ToldCase& t_;
  std::map<uint64_t, ExpectedFailure> missing_;
  std::map<uint64_t, Span> told_;  // by which wait
};

}  // namespace

void JudgeAllWaits(const ToldCase& t) {
  AllWaits waits(t);
  const auto of_pusher = [&](size_t i) {
    return t.history.all_waits[i].span.happened() && !t.c.program.statements[i].actor.is_op;
  };
  for (size_t i = 0; i < t.history.all_waits.size(); ++i)
    if (of_pusher(i)) waits.Add(t.history.all_waits[i], ToText(t.c.program.statements[i]));
  for (const AllWait& wait : t.history.last_all_waits) waits.Add(wait, "the last wait for all");
  for (size_t i = 0; i < t.history.all_waits.size(); ++i)
    if (of_pusher(i)) waits.JudgeLate(t.history.all_waits[i], ToText(t.c.program.statements[i]));
  waits.End();
}

}  // namespace tenter::fuzz::target_engine
