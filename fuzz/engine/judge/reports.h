// Reports: what all waits for one log together told: that of a scope, or that of the engine.
//
// Each failure must be reported once, in push order, by the first wait that could know of it
// (ERR-6, ERR-9), and from the log where it belongs (ERR-11).
//
// Path: JudgeWaits -> Add for each wait in turn -> JudgeLate for each wait -> End.
//
// Thread safety: belongs to one Judge.
// Ownership and lifetime: borrows the case.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "fuzz/engine/judge/case.h"
#include "fuzz/engine/model/model.h"

namespace tenter::fuzz {

class Reports {
 public:
  // `scope` 0: the log of the engine.
  Reports(const Case& c, const Expectation& expect, int scope);

  // What a wait over `span` reported.
  void Add(const std::vector<FailureSeen>& reported, const std::string& where, const Span& span);

  // The wait `s` over `wait` must have reported what was pushed before it: no later wait may.
  void JudgeLate(const std::vector<Pushed>& order, const Statement& s, const Span& wait);

  // What is missing after the last wait.
  void End();

 private:
  using Key = std::pair<uint64_t, FailurePlace>;
  void AddCounted(const std::vector<FailureSeen>& reported, size_t named,
                  const std::string& where);
  void AddOne(const FailureSeen& f, const std::string& where, const Span& span);

  const Case& c_;
  std::map<Key, ExpectedFailure> missing_, optional_;
  std::set<Key> elsewhere_;
  std::map<Key, Span> seen_;  // by which wait
  // Failures of which there were too many to name, the reports that count such, and the push
  // number of the last one that the latest of these names.
  size_t only_counted_ = 0, counting_reports_ = 0;
  uint64_t last_named_ = 0;
};

}  // namespace tenter::fuzz
