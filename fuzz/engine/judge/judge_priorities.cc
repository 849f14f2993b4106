// Ready ops start by priority, and none starves (ENG-10).
#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// So that nothing starves, an engine may once in a while prefer a less urgent op: at one start of
// kFairAfter, on average since the first. And the k-th oldest is not overtaken more often than k
// times kMostOvertaken.
constexpr int kFairAfter = 8;
constexpr int kMostOvertaken = 64;

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
  std::vector<int> rank_;  // n: as it became ready it was the n-th oldest ready op; 0: not ready
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
  ReadyOps ready(c, order);
  for (const size_t op : starts) ready.Start(op);
}

}  // namespace tenter::fuzz
