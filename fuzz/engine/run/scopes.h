// Scopes: the failure scopes of a running case, by their numbers.
//
// Thread safety: any thread, between construction and Clear.
// Ownership and lifetime: owns the scopes until Clear, which comes before the engine's end.
#pragma once

#include <map>

#include "fuzz/engine/program/program.h"
#include "runtime/engine/engine.h"

namespace tenter::fuzz {

class Scopes {
 public:
  Scopes(Engine& engine, const Program& program) {
    for (const Statement& s : program.statements)
      if (s.scope != 0 && scopes_[s.scope] == nullptr) scopes_[s.scope] = engine.NewScope().value();
  }

  // Null for 0: what is in no scope.
  FailureScope* Find(int number) const { return number == 0 ? nullptr : scopes_.at(number).get(); }
  // Whether the scope was cancelled, waiting for that until `until_ns`.
  bool AwaitCancelled(int number, int64_t until_ns) const {
    while (!Find(number)->cancelled() && NowNs() < until_ns) SleepNs(1);
    return Find(number)->cancelled();
  }
  const std::map<int, ScopePtr>& all() const { return scopes_; }
  void Clear() { scopes_.clear(); }

 private:
  std::map<int, ScopePtr> scopes_;
};

}  // namespace tenter::fuzz
