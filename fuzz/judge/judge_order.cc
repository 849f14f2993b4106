// Who ran when: conflicting ops in push order (ENG-1), each once (ENG-5), ready ops by priority
// (ENG-10).
#include <algorithm>

#include "fuzz/judge/judge.h"
#include "fuzz/program/to_text.h"

namespace tenter::fuzz {
namespace {

// So that nothing starves, an engine may once in a while prefer a less urgent op: at one start of
// kFairAfter, on average since the first. And the k-th oldest is not overtaken more often than k
// times kMostOvertaken.
constexpr int kFairAfter = 8;
constexpr int kMostOvertaken = 64;

bool Contains(const std::vector<int>& all, int one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool Conflict(const Pushed& a, const Pushed& b) {
  const auto writes_used_by = [](const Pushed& writer, const Pushed& user) {
    return std::any_of(writer.writes.begin(), writer.writes.end(), [&](int instance) {
      return Contains(user.reads, instance) || Contains(user.writes, instance);
    });
  };
  return writes_used_by(a, b) || writes_used_by(b, a);
}

bool IsUpdate(const Pushed& p) {
  return std::any_of(p.reads.begin(), p.reads.end(),
                     [&](int instance) { return Contains(p.writes, instance); });
}

size_t Vars(const Pushed& p) {
  size_t vars = p.reads.size();
  for (const int instance : p.writes) vars += !Contains(p.reads, instance);
  return vars;
}

// Which promise an overlap breaks: the most special one that the two ops fall under.
std::string ContractOfOverlap(const Case& c, const Pushed& first, const Pushed& second) {
  if (first.deletes || second.deletes) return "ENG-8";
  const Statement &a = c.statement(first), &b = c.statement(second);
  if (b.priority > a.priority) return "ENG-10";
  if (a.actor != b.actor && Vars(first) > 1 && Vars(second) > 1) return "ENG-2";
  if (IsUpdate(first) || IsUpdate(second)) return "ENG-4";
  return a.actor == b.actor ? "ENG-3" : "ENG-1";
}

void JudgePair(const Case& c, const Pushed& first, const Pushed& second) {
  const StatementSeen &a = c.seen(first), &b = c.seen(second);
  if (a.runs == 0 || b.runs == 0 || !Conflict(first, second) || b.body.begin > a.body.end) return;
  const std::string contract = ContractOfOverlap(c, first, second);
  c.Report(contract, "conflicting ops out of order",
           ToText(c.statement(second)) + " began before " + ToText(c.statement(first)) +
               " had ended, although it was pushed later (push " + std::to_string(second.number) +
               " after " + std::to_string(first.number) + ")");
}

// Simulates which ops were ready at each start; see JudgePriorities.
class ReadyOps {
 public:
  ReadyOps(const Case& c, const std::vector<Pushed>& order) : c_(c), order_(order) {
    started_.resize(order.size());
    overtaken_.resize(order.size());
    rank_.resize(order.size());
  }
  void Start(size_t op) {
    NoteReady();
    const int priority = c_.statement(order_[op]).priority;
    bool fair = true;  // nothing more urgent is ready
    for (size_t other = 0; other < order_.size(); ++other) {
      if (other == op || started_[other] || rank_[other] == 0) continue;
      const int its = c_.statement(order_[other]).priority;
      fair &= its <= priority;
      if (its > priority && (unfair_ + 1) * kFairAfter > starts_)
        return Report(op, other, "priority ignored",
                      " started, although this more urgent one was ready: ");
      if (its < priority && ++overtaken_[other] > kMostOvertaken * rank_[other])
        return Report(op, other, "starved", " overtook once too often: ");
    }
    ++starts_;
    unfair_ += !fair;
    started_[op] = true;
  }

 private:
  // With one worker everything that started has ended before the next start.
  void NoteReady() {
    int older =
        static_cast<int>(std::count_if(rank_.begin(), rank_.end(), [](int r) { return r > 0; })) -
        static_cast<int>(std::count(started_.begin(), started_.end(), true));
    for (size_t op = 0; op < order_.size(); ++op) {
      if (rank_[op] != 0) continue;
      bool ready = true;
      for (size_t before = 0; before < op; ++before)
        ready &= started_[before] || !Conflict(order_[before], order_[op]);
      if (ready) rank_[op] = ++older;
    }
  }
  void Report(size_t op, size_t other, const char* kind, const char* did) {
    if (c_.findings.empty())
      c_.Report("ENG-10", kind,
                ToText(c_.statement(order_[op])) + did + ToText(c_.statement(order_[other])));
    started_[op] = true;
  }

  const Case& c_;
  const std::vector<Pushed>& order_;
  std::vector<bool> started_;
  std::vector<int> overtaken_;
  int starts_ = 0;
  int unfair_ = 0;         // starts at which a less urgent op was preferred
  std::vector<int> rank_;  // the how-manieth oldest it was as it became ready; 0: not ready yet
};

}  // namespace

void JudgeOrder(const Case& c, const std::vector<Pushed>& order) {
  if (c.history.stray_runs > 0)
    c.Report("ENG-5", "ran for no replay",
             std::to_string(c.history.stray_runs) +
                 " runs of recorded bodies were told push numbers that no replay of them took");
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb == Verb::kPush && seen.runs > 0 && seen.push_number != 0 &&
        seen.number != seen.push_number)
      c.Report("ENG-3", "told another push number",
               ToText(s) + " was told push number " + std::to_string(seen.number) +
                   ", and the push had answered " + std::to_string(seen.push_number));
    if (seen.runs > 1)
      c.Report("ENG-5", "ran twice", ToText(s) + " ran " + std::to_string(seen.runs) + " times");
    if (seen.runs > 0 && seen.code != StatusCode::kOk)
      c.Report(seen.code == StatusCode::kResourceExhausted ? "ERR-10" : "ENG-5",
               "ran although refused", ToText(s) + " ran although its push was refused");
    if (s.verb == Verb::kDelete && seen.span.happened() && seen.code == StatusCode::kOk &&
        seen.runs == 0)
      c.Report("ENG-8", "deleter did not run", ToText(s) + ": the deleter was never called");
    // ENG-9: nothing runs once a stop has returned.
    for (size_t k = 0; k < c.program.statements.size(); ++k)
      if (c.program.statements[k].verb == Verb::kStop && !c.program.statements[k].actor.is_op &&
          c.history.statements[k].span.happened() && seen.runs > 0 &&
          seen.body.end > c.history.statements[k].span.end)
        c.Report("ENG-9", "ran after a stop",
                 ToText(s) + " ended after " + ToText(c.program.statements[k]) + " had returned");
  }
  for (size_t second = 0; second < order.size(); ++second)
    for (size_t first = 0; first < second && c.findings.empty(); ++first)
      JudgePair(c, order[first], order[second]);
}

void JudgePriorities(const Case& c, const std::vector<Pushed>& order) {
  if (c.program.workers != 1 || !c.findings.empty()) return;
  std::vector<size_t> starts;
  for (size_t op = 0; op < order.size(); ++op) {
    if (order[op].deletes || c.seen(order[op]).runs != 1) return;  // its end is not known
    starts.push_back(op);
  }
  std::sort(starts.begin(), starts.end(), [&](size_t a, size_t b) {
    return c.seen(order[a]).body.begin < c.seen(order[b]).body.begin;
  });
  ReadyOps ready(c, order);
  for (const size_t op : starts) ready.Start(op);
}

}  // namespace tenter::fuzz
