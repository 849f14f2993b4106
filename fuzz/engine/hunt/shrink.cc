#include "fuzz/engine/hunt/shrink.h"

#include <algorithm>
#include <set>

#include "fuzz/engine/hunt/statement_changes.h"
#include "fuzz/engine/program/normalise.h"
#include "fuzz/frame/line_shrink.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr size_t kFewStatements = 8;  // with so few all pairs are tried
constexpr size_t kFewVars = 8;        // with more, to merge pairs takes too long

// Calls `visit` with each letter that the program uses.
void Visit(const Program& program, auto visit) {
  for (const Statement& s : program.statements) {
    for (const int letter : s.reads) visit(letter);
    for (const int letter : s.writes) visit(letter);
    if (s.verb == Verb::kDelete || s.verb == Verb::kNew || s.verb == Verb::kWait) visit(s.var);
  }
}

void Rename(Program* program, auto name) {
  for (Statement& s : program->statements) {
    for (int& letter : s.reads) letter = name(letter);
    for (int& letter : s.writes) letter = name(letter);
    if (s.verb == Verb::kDelete || s.verb == Verb::kNew || s.verb == Verb::kWait)
      s.var = name(s.var);
  }
}

// In the order of the letters.
std::vector<int> UsedVars(const Program& program) {
  std::set<int> used;
  Visit(program, [&](int letter) { used.insert(letter); });
  return {used.begin(), used.end()};
}

class Shrinker {
 public:
  Shrinker(Program program, const ProgramFails& fails, int64_t deadline_ns)
      : best_(std::move(program)), fails_(fails), deadline_ns_(deadline_ns) {
    steps_.push_back(best_);
  }

  // The program as it was given, and each smaller one that failed.
  std::vector<Program> Run() {
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
    return std::move(steps_);
  }

 private:
  bool Accept(Program candidate) {
    Normalise(&candidate);
    if (candidate == best_ || NowNs() >= deadline_ns_ || !fails_(candidate)) return false;
    best_ = std::move(candidate);
    steps_.push_back(best_);
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
    const std::vector<int> used = UsedVars(best_);
    if (used.size() > kFewVars) return;
    for (size_t from = used.size(); from-- > 1;)
      for (size_t to = 0; to < from; ++to)
        Try([&](Program& p) {
          Rename(&p, [&](int letter) { return letter == used[from] ? used[to] : letter; });
        });
  }

  void SimplifyEngine() {
    Try([](Program& p) { p.parity = false; });
    Try([](Program& p) { p.gated = false; });
    Try([](Program& p) { p.crowd = 0; });
    Try([](Program& p) { p.crowd = std::min(p.crowd, 1); });
    Try([](Program& p) { p.idle = false; });
    Try([](Program& p) { p.apart = 1; });
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

  // As RemoveStatements.
  void DropLetters(size_t i, std::vector<int> Statement::*letters) {
    if (i >= best_.statements.size()) return;
    for (size_t chunk = std::max<size_t>(1, (best_.statements[i].*letters).size() / 2);;
         chunk /= 2) {
      for (size_t at = 0;
           i < best_.statements.size() && at < (best_.statements[i].*letters).size();) {
        const bool gone = Try([&](Program& p) {
          std::vector<int>& all = p.statements[i].*letters;
          const auto first = all.begin() + static_cast<long>(at);
          all.erase(first, first + static_cast<long>(std::min(chunk, all.size() - at)));
        });
        if (!gone) at += chunk;
      }
      if (chunk <= 1) return;
    }
  }

  // a, b, ... without gaps, in the order of their first use, or else in the order that they have.
  void RenameVars() {
    std::vector<int> by_use;
    Visit(best_, [&](int letter) {
      if (std::find(by_use.begin(), by_use.end(), letter) == by_use.end()) by_use.push_back(letter);
    });
    if (!NameInOrder(by_use)) NameInOrder(UsedVars(best_));
  }
  bool NameInOrder(const std::vector<int>& order) {
    return Try([&](Program& p) {
      Rename(&p, [&](int letter) {
        return static_cast<int>(std::find(order.begin(), order.end(), letter) - order.begin());
      });
      p.vars = std::max(1, static_cast<int>(order.size()));
    });
  }

  Program best_;
  std::vector<Program> steps_;
  const ProgramFails& fails_;
  const int64_t deadline_ns_;
};

}  // namespace

Program Shrink(Program program, const ProgramFails& fails, const ProgramFails& comes_back,
               int64_t deadline_ns) {
  std::vector<Program> steps = Shrinker(std::move(program), fails, deadline_ns).Run();
  return std::move(
      steps[SmallestThatComesBack(steps.size(), [&](size_t i) { return comes_back(steps[i]); })]);
}

}  // namespace tenter::fuzz
