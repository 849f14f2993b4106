#include "fuzz/target_engine/judge/order.h"

#include <algorithm>

#include "fuzz/engine/judge/parts.h"

namespace tenter::fuzz::target_engine {
namespace {

bool Before(const Span& a, const Span& b) { return a.end < b.begin; }
bool Concurrent(const Span& a, const Span& b) { return !Before(a, b) && !Before(b, a); }

// Orders pushes by what was seen, where no numbers do.
class ByTime {
 public:
  ByTime(const Case& c, std::vector<Pushed> pushes) : c_(c), left_(std::move(pushes)) {}

  // Among those that may come next the one that was called first: so what calls one after the other
  // order stays in that order, also when what ran contradicts it.
  Order Run() {
    std::sort(left_.begin(), left_.end(), [this](const Pushed& a, const Pushed& b) {
      return c_.seen(a).span.begin < c_.seen(b).span.begin;
    });
    Order order;
    order.certain = Certain();
    while (!left_.empty()) {
      const auto free =
          std::find_if(left_.begin(), left_.end(), [this](const Pushed& p) { return IsFirst(p); });
      const auto next = free == left_.end() ? left_.begin() : free;
      order.pushes.push_back(*next);
      left_.erase(next);
    }
    return order;
  }

 private:
  bool Ran(const Pushed& p) const { return c_.seen(p).runs > 0; }
  bool Comes(const Pushed& a, const Pushed& b) const {
    if (!Conflict(a, b)) return false;
    const Span &calls_a = c_.seen(a).span, &calls_b = c_.seen(b).span;
    if (!Concurrent(calls_a, calls_b)) return Before(calls_a, calls_b);
    return Ran(a) && Ran(b) && Before(c_.seen(a).body, c_.seen(b).body);
  }
  bool IsFirst(const Pushed& p) const {
    return std::none_of(left_.begin(), left_.end(),
                        [&](const Pushed& other) { return Comes(other, p); });
  }
  bool Certain() const {
    for (const Pushed& a : left_)
      for (const Pushed& b : left_)
        if (&a != &b && Conflict(a, b) && Concurrent(c_.seen(a).span, c_.seen(b).span) &&
            !(Ran(a) && Ran(b)))
          return false;
    return true;
  }

  const Case& c_;
  std::vector<Pushed> left_;
};

// Behind the last use.
void PlaceDeletes(const Case& c, std::vector<Pushed>* pushes) {
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb != Verb::kDelete || !seen.span.happened() || seen.code != StatusCode::kOk) continue;
    const int instance = seen.handles[s.var].instance;
    const auto last = std::find_if(pushes->rbegin(), pushes->rend(),
                                   [&](const Pushed& p) { return Uses(p, instance); });
    pushes->insert(last.base(),
                   {.statement = i, .deletes = true, .reads = {}, .writes = {instance}});
  }
}

// Numbers pushes and deletes by their places.
void Number(const Case& c, Order* order) {
  uint64_t number = 0;
  for (Pushed& p : order->pushes) {
    p.number = ++number;
    order->told[number] = c.seen(p).push_number;
  }
}

}  // namespace

Order OrderOf(const Case& c, const Promises& promises) {
  Order order;
  order.pushes = AcceptedPushes(c);
  if (promises.total_order) {
    JudgeNumbers(c, order.pushes);
  } else {
    order = ByTime(c, std::move(order.pushes)).Run();
  }
  PlaceDeletes(c, &order.pushes);
  Number(c, &order);
  return order;
}

}  // namespace tenter::fuzz::target_engine
