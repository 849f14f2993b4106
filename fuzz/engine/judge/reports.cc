#include "fuzz/engine/judge/reports.h"

#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {

Reports::Reports(const Case& c, const Expectation& expect, int scope) : c_(c) {
  for (const ExpectedFailure& f : expect.reported)
    if (f.scope == scope)
      missing_[{f.number, f.place}] = f;
    else
      elsewhere_.insert({f.number, f.place});
  for (const ExpectedFailure& f : expect.may_be_reported)
    if (f.scope == scope) optional_[{f.number, f.place}] = f;
}

void Reports::Add(const std::vector<FailureSeen>& reported, const std::string& where,
                  const Span& span) {
  const auto counted = std::find_if(reported.begin(), reported.end(),
                                    [](const FailureSeen& f) { return f.push_number == 0; });
  const auto named = static_cast<size_t>(counted - reported.begin());
  if (named < reported.size()) AddCounted(reported, named, where);
  for (size_t i = 0; i < named; ++i) {
    const FailureSeen& f = reported[i];
    if (i > 0 &&
        Key(reported[i - 1].push_number, reported[i - 1].place) > Key(f.push_number, f.place))
      c_.Report("ERR-6", "report not in push order",
                where + " reports push " + std::to_string(f.push_number) + " too late");
    AddOne(f, where, span);
  }
}

// The first thousand are named; those behind them are counted.
void Reports::AddCounted(const std::vector<FailureSeen>& reported, size_t named,
                         const std::string& where) {
  constexpr size_t kNamed = 1000;
  const size_t counted = reported.size() - named;
  if (named != kNamed)
    c_.Report("ERR-6", "report without details",
              where + " names " + std::to_string(named) + " failures and counts " +
                  std::to_string(counted) + " more");
  only_counted_ += counted;
  ++counting_reports_;
  if (named > 0) last_named_ = reported[named - 1].push_number;
}

void Reports::AddOne(const FailureSeen& f, const std::string& where, const Span& span) {
  const Key key(f.push_number, f.place);
  const std::string reports =
      where + " reports op '" + f.op + "' (push " + std::to_string(f.push_number) + "), which ";
  if (const auto may = optional_.find(key); may != optional_.end()) missing_.insert(*may);
  if (seen_.contains(key)) {
    c_.Report("ERR-6", "reported twice",
              reports + "another wait-all, or this one, has reported already");
  } else if (elsewhere_.contains(key)) {
    c_.Report("ERR-11", "told to the wrong scope",
              reports + "another scope, or the engine, has to tell of");
  } else if (!missing_.contains(key)) {
    c_.Report("ERR-6", "reported without a failure",
              reports + "did not fail as a root in its " + std::string(FailurePlaceName(f.place)));
  } else {
    JudgeFailure(c_, f, missing_[key], where);
    missing_.erase(key);
    optional_.erase(key);
  }
  seen_[key] = span;
}

void Reports::JudgeLate(const std::vector<Pushed>& order, const Statement& s, const Span& wait) {
  for (const Pushed& p : order)
    for (const FailurePlace place :
         {FailurePlace::kBody, FailurePlace::kCompletion, FailurePlace::kDropped,
          FailurePlace::kDeadline, FailurePlace::kDeleter}) {
      const auto it = seen_.find({p.number, place});
      if (it != seen_.end() && c_.seen(p).span.end < wait.begin && wait.end < it->second.begin)
        c_.Report("ERR-6", "reported too late",
                  ToText(s) + " did not report " + ToText(c_.statement(p)) +
                      ", which was pushed before the call; a later wait-all did");
    }
}

void Reports::End() {
  if (counting_reports_ == 1 && !missing_.empty() && missing_.begin()->first.first < last_named_)
    c_.Report("ERR-6", "report without details",
              "a wait-all names push " + std::to_string(last_named_) + " and only counts push " +
                  std::to_string(missing_.begin()->first.first));
  if (only_counted_ > 0 && only_counted_ == missing_.size()) return;
  if (only_counted_ > missing_.size())
    c_.Report("ERR-6", "reported without a failure",
              "wait-alls count " + std::to_string(only_counted_) + " failures beside those that " +
                  "they name; " + std::to_string(missing_.size()) + " are not named");
  for (const auto& [key, f] : missing_)
    c_.Report(
        f.place == FailurePlace::kDeleter || f.place == FailurePlace::kAfterEnd ? "ERR-9" : "ERR-6",
        "never reported",
        "no wait-all reports " + f.caught.ToText() + " (push " + std::to_string(f.number) + ")");
}

}  // namespace tenter::fuzz
