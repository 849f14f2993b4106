// Ready ops start by priority, and none starves (ENG-10).
#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/model/turns.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// So that nothing starves, a less urgent op may have its turn: one without priority, a low one and
// the oldest one each once in kTurnAfter starts. And the k-th oldest is not overtaken more often
// than k times kMostOvertaken.
constexpr int kTurnAfter = 30, kSortsOfTurns = 3;
constexpr int kMostOvertaken = 64;

void Report(const Case& c, const Pushed& op, const Pushed& other, bool starves) {
  if (!c.findings.empty()) return;
  c.Report("ENG-10", starves ? "starved" : "priority ignored",
           ToText(c.statement(op)) +
               (starves ? " overtook once too often: "
                        : " started, although this more urgent one was ready: ") +
               ToText(c.statement(other)));
}

// Whether all ops were ready before the first started: one thread pushed them behind the gate, and
// none waits for another one.
bool AllAreReady(const Case& c, const std::vector<Pushed>& order) {
  if (!IsSequential(c.program)) return false;
  for (const Statement& s : c.program.statements)
    if (!s.actor.is_op && s.verb != Verb::kPush && s.verb != Verb::kLook) return false;
  for (const Pushed& a : order)
    for (const Pushed& b : order)
      if (&a != &b && Conflict(a, b)) return false;
  return true;
}

// Where ops wait for each other, the order in which they became ready is not known exactly.
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
      if (its > priority && unfair_ + 1 > kSortsOfTurns * (starts_ / kTurnAfter))
        Report(c_, order_[op], order_[other], false);
      if (its < priority && ++overtaken_[other] > kMostOvertaken * rank_[other])
        Report(c_, order_[op], order_[other], true);
    }
    ++starts_;
    unfair_ += !fair;
    started_[op] = true;
  }

 private:
  // With one worker everything that started has ended before the next start. Several ops may become
  // ready by one end, in an order that nobody knows: each of them may be the youngest.
  void NoteReady() {
    const auto older =
        static_cast<int>(std::count_if(rank_.begin(), rank_.end(), [](int r) { return r > 0; })) -
        static_cast<int>(std::count(started_.begin(), started_.end(), true));
    std::vector<size_t> together;
    for (size_t op = 0; op < order_.size(); ++op) {
      if (rank_[op] != 0) continue;
      bool ready = true;
      for (size_t before = 0; before < op; ++before)
        ready &= started_[before] || !Conflict(order_[before], order_[op]);
      if (ready) together.push_back(op);
    }
    for (const size_t op : together) rank_[op] = older + static_cast<int>(together.size());
  }

  const Case& c_;
  const std::vector<Pushed>& order_;
  std::vector<bool> started_;
  std::vector<int> overtaken_;
  int starts_ = 0;
  int unfair_ = 0;         // starts at which a less urgent op was preferred
  std::vector<int> rank_;  // n: as it became ready at most n ops were as old; 0: not ready
};

}  // namespace

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
  if (!AllAreReady(c, order)) {
    ReadyOps ready(c, order);
    for (const size_t op : starts) ready.Start(op);
    return;
  }
  std::vector<int> priorities;
  for (const Pushed& p : order) priorities.push_back(c.statement(p).priority);
  Turns turns(std::move(priorities));
  for (const size_t op : starts)
    if (const auto wrong = turns.Start(op))
      return Report(c, order[op], order[wrong->instead], wrong->starves);
}

}  // namespace tenter::fuzz
