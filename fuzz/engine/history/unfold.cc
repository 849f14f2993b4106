#include "fuzz/engine/history/unfold.h"

#include <algorithm>
#include <set>

namespace tenter::fuzz {
namespace {

class Unfolding {
 public:
  Unfolding(const Program& program, const History& history)
      : program_(program), history_(history), result_{program, history} {
    result_.program.statements.clear();
    result_.history.statements.clear();
  }

  Unfolded Run() {
    for (size_t i = 0; i < program_.statements.size(); ++i) {
      const Statement& s = program_.statements[i];
      if (s.verb == Verb::kReplay)
        Replay(i);
      else if (s.verb != Verb::kPush || s.program == 0)
        Add(s, history_.statements[i]);
      else
        recorded_runs_ += history_.statements[i].replays.size();
    }
    result_.history.stray_runs = recorded_runs_ - matched_runs_;
    return std::move(result_);
  }

 private:
  void Add(const Statement& s, const StatementSeen& seen) {
    result_.program.statements.push_back(s);
    result_.history.statements.push_back(seen);
    StatementSeen& kept = result_.history.statements.back();
    if (s.verb == Verb::kStop) stopped_ = true;
    if (s.bulk != 0) NumberInBulk(s, &kept);
    if (kept.push_number != 0) last_number_ = kept.push_number;
    if (s.verb != Verb::kDelete || seen.code != StatusCode::kOk || !seen.span.happened()) return;
    deleted_.insert(seen.handles[s.var].instance);
    ++last_number_;
  }

  // What is refused may be told later only.
  void NumberInBulk(const Statement& s, StatementSeen* seen) {
    const StatusCode why = stopped_                          ? StatusCode::kStopped
                           : InGroup(s) && IsStale(s, *seen) ? StatusCode::kStaleHandle
                                                             : StatusCode::kOk;
    const bool taken = seen->code == StatusCode::kOk;
    seen->refused_later = why != StatusCode::kOk && taken;
    if (stopped_ || seen->refused_later)
      seen->code = why;
    else if (taken)
      seen->push_number = alone_ ? last_number_ + 1 : seen->number;
  }
  bool IsStale(const Statement& s, const StatementSeen& seen) const {
    const auto is_stale = [&](int letter) {
      const int instance = seen.handles[letter].instance;
      return instance < 0 || deleted_.contains(instance);
    };
    return std::any_of(s.reads.begin(), s.reads.end(), is_stale) ||
           std::any_of(s.writes.begin(), s.writes.end(), is_stale);
  }

  void Replay(size_t replay) {
    const StatementSeen& call = history_.statements[replay];
    std::vector<int> uses;  // a replay is refused for any of them
    for (size_t i = 0; i < replay; ++i) {
      if (!IsRecorded(i, replay)) continue;
      const Statement& s = program_.statements[i];
      for (const std::vector<int>* letters : {&s.reads, &s.writes})
        for (const int instance : Instances(*letters, history_.statements[i].handles))
          uses.push_back(instance);
    }
    uint64_t number = call.push_number;
    for (size_t i = 0; i < replay; ++i) {
      if (!IsRecorded(i, replay)) continue;
      StatementSeen seen;
      seen.span = call.span;
      seen.handles = history_.statements[i].handles;
      seen.code = call.code;
      seen.begun_ns = call.begun_ns;
      seen.ended_ns = call.ended_ns;
      seen.also_uses = uses;
      seen.push_number = number;
      if (number != 0) FindRuns(history_.statements[i].replays, number++, &seen);
      Statement push = program_.statements[i];
      push.scope = program_.statements[replay].scope;
      Add(push, seen);
    }
  }

  bool IsRecorded(size_t i, size_t replay) const {
    const Statement& s = program_.statements[i];
    return s.verb == Verb::kPush && s.program != 0 &&
           s.program == program_.statements[replay].program;
  }

  void FindRuns(const std::vector<RunSeen>& runs, uint64_t number, StatementSeen* seen) {
    for (const RunSeen& run : runs) {
      if (run.number != number) continue;
      const int before = seen->runs;
      static_cast<RunSeen&>(*seen) = run;
      seen->runs += before;
      ++matched_runs_;
    }
  }

  const Program& program_;
  const History& history_;
  Unfolded result_;
  const bool alone_ = IsSequential(program_);
  uint64_t last_number_ = 0;
  // These mean something in sequential programs, where bulks are that may be refused.
  bool stopped_ = false;
  std::set<int> deleted_;  // instances
  uint64_t recorded_runs_ = 0, matched_runs_ = 0;
};

}  // namespace

Unfolded Unfold(const Program& program, const History& history) {
  return Unfolding(program, history).Run();
}

}  // namespace tenter::fuzz
