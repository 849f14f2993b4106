#include "fuzz/hunt/shrink.h"

#include <algorithm>
#include <set>

#include "fuzz/hunt/statement_changes.h"
#include "fuzz/program/normalise.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr size_t kFewStatements = 8;  // with so few all pairs are tried

class Shrinker {
 public:
  Shrinker(Program program, const Fails& fails, int64_t deadline_ns)
      : best_(std::move(program)), fails_(fails), deadline_ns_(deadline_ns) {}

  Program Run() {
    while (NowNs() < deadline_ns_) {
      const Program before = best_;
      RemoveStatements();
      SimplifyEngine();
      SimplifyThreads();
      UnfoldPrograms();
      for (size_t i = 0; i < best_.statements.size(); ++i) SimplifyStatement(i);
      MergeVars();
      if (best_.statements.size() <= kFewStatements) RemovePairs();
      if (best_ == before) break;
    }
    RenameVars();
    return best_;
  }

 private:
  bool Accept(Program candidate) {
    Normalise(&candidate);
    if (candidate == best_ || NowNs() >= deadline_ns_ || !fails_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }
  // Accepts best_ after `change`, when it still fails.
  template <typename Change>
  bool Try(Change change) {
    Program candidate = best_;
    change(candidate);
    return Accept(std::move(candidate));
  }

  // Delta debugging: halves, quarters, ... single statements.
  void RemoveStatements() {
    for (size_t chunk = std::max<size_t>(1, best_.statements.size() / 2);; chunk /= 2) {
      for (size_t at = 0; at < best_.statements.size();) {
        const bool gone = Try([&](Program& p) {
          const auto first = p.statements.begin() + static_cast<long>(at);
          p.statements.erase(first,
                             first + static_cast<long>(std::min(chunk, p.statements.size() - at)));
        });
        if (!gone) at += chunk;
      }
      if (chunk <= 1) return;
    }
  }

  // Two statements that are needed together may still be superfluous together.
  void RemovePairs() {
    for (size_t a = 0; a < best_.statements.size(); ++a)
      for (size_t b = a + 1; b < best_.statements.size();) {
        const bool gone = Try([&](Program& p) {
          p.statements.erase(p.statements.begin() + static_cast<long>(b));
          p.statements.erase(p.statements.begin() + static_cast<long>(a));
        });
        if (!gone) ++b;
      }
  }

  // Turns recorded ops into pushes, and drops the replays of their program.
  void UnfoldPrograms() {
    std::set<int> numbers;
    for (const Statement& s : best_.statements)
      if (s.program != 0) numbers.insert(s.program);
    for (const int number : numbers)
      Try([number](Program& p) {
        std::erase_if(p.statements, [number](const Statement& s) {
          return s.verb == Verb::kReplay && s.program == number;
        });
        for (Statement& s : p.statements)
          if (s.program == number) s.program = 0;
      });
  }

  // Every use of one var becomes a use of another, so that an op which only carried a value from
  // one to the other can go.
  void MergeVars() {
    for (int from = best_.vars - 1; from > 0; --from)
      for (int to = 0; to < from; ++to)
        Try([&](Program& p) {
          for (Statement& s : p.statements) {
            std::replace(s.reads.begin(), s.reads.end(), from, to);
            std::replace(s.writes.begin(), s.writes.end(), from, to);
            if (s.var == from) s.var = to;
          }
        });
  }

  void SimplifyEngine() {
    Try([](Program& p) { p.parity = false; });
    Try([](Program& p) { p.gated = false; });
    Try([](Program& p) { p.idle = false; });
    Try([](Program& p) { p.failing_worker = -1; });
    Try([](Program& p) { p.policy = ErrorPolicy::kSkipDependents; });
    Try([](Program& p) { p.noise = 0; });
    Try([](Program& p) {
      for (Statement& s : p.statements) s.bulk = 0;
    });
    for (const int workers : {0, 1, 2, 4})
      if (workers < best_.workers && Try([&](Program& p) { p.workers = workers; })) break;
  }

  void SimplifyThreads() {
    std::set<int> threads;
    for (const Statement& s : best_.statements)
      if (!s.actor.is_op) threads.insert(s.actor.number);
    if (threads.empty()) return;
    const auto rename = [&](auto to) {
      Try([&](Program& p) {
        for (Statement& s : p.statements)
          if (!s.actor.is_op) s.actor.number = to(s.actor.number);
      });
    };
    rename([](int) { return 0; });
    rename([](int thread) { return thread % 2; });
    // Moves a statement from a body to a pusher, in its place or to the end.
    for (size_t i = 0; i < best_.statements.size(); ++i) {
      if (!best_.statements[i].actor.is_op) continue;
      const auto pushed = [&](Program& p) { p.statements[i].actor = {false, *threads.begin()}; };
      if (!Try(pushed))
        Try([&](Program& p) {
          pushed(p);
          const auto at = p.statements.begin() + static_cast<long>(i);
          std::rotate(at, at + 1, p.statements.end());
        });
    }
  }

  void SimplifyStatement(size_t i) {
    for (const StatementChange change : StatementChanges())
      if (i < best_.statements.size()) Try([&](Program& p) { change(&p.statements[i]); });
    DropLetters(i, &Statement::reads);
    DropLetters(i, &Statement::writes);
  }

  void DropLetters(size_t i, std::vector<int> Statement::*letters) {
    for (size_t k = 0; i < best_.statements.size() && k < (best_.statements[i].*letters).size();) {
      const bool gone = Try([&](Program& p) {
        std::vector<int>& all = p.statements[i].*letters;
        all.erase(all.begin() + static_cast<long>(k));
      });
      if (!gone) ++k;
    }
  }

  // a, b, ... in the order of their first use; also fewer vars.
  void RenameVars() {
    Try([](Program& p) {
      std::vector<int> names(26, -1);
      int next = 0;
      const auto rename = [&](int& letter) {
        if (names[letter] < 0) names[letter] = next++;
        letter = names[letter];
      };
      for (Statement& s : p.statements) {
        for (int& letter : s.reads) rename(letter);
        for (int& letter : s.writes) rename(letter);
        if (s.verb == Verb::kDelete || s.verb == Verb::kNew || s.verb == Verb::kWait) rename(s.var);
      }
      p.vars = std::max(1, next);
    });
  }

  Program best_;
  const Fails& fails_;
  const int64_t deadline_ns_;
};

}  // namespace

Program Shrink(Program program, const Fails& fails, int64_t deadline_ns) {
  return Shrinker(std::move(program), fails, deadline_ns).Run();
}

}  // namespace tenter::fuzz
