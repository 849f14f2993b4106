// Letters: which vars of a target the letters of a running case mean, now and ever.
//
// Thread safety, ownership: as the Letters of fuzz/engine.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "fuzz/target_engine/run/engine_calls.h"

namespace tenter::fuzz::target_engine {

using HandlesPtr = std::shared_ptr<const Handles>;

class Letters {
 public:
  explicit Letters(EngineCalls& engine) : engine_(engine) {}

  // Makes the vars that there are at the start.
  StatusCode Begin(const Program& program) {
    Handles handles(LettersOf(program));
    for (int i = 0; i < program.vars; ++i) {
      handles[i].instance = i;
      for (int made = 0; made < program.apart; ++made) {
        Var spare;
        const StatusCode code = engine_.NewVar(made == 0 ? &handles[i].var : &spare);
        if (code != StatusCode::kOk) return code;
      }
    }
    instances_.assign(handles.begin(), handles.begin() + program.vars);
    now_ = std::make_shared<const Handles>(std::move(handles));
    return StatusCode::kOk;
  }

  // `letter` means a fresh var from now on, unless the engine refuses that.
  StatusCode New(int letter) {
    Var var;
    const StatusCode code = engine_.NewVar(&var);
    if (code != StatusCode::kOk) return code;
    Handles handles = *now_;
    handles[letter] = {var, static_cast<int>(instances_.size())};
    instances_.push_back(handles[letter]);
    now_ = std::make_shared<const Handles>(std::move(handles));
    return StatusCode::kOk;
  }

  const HandlesPtr& now() const { return now_; }
  const std::vector<Handle>& instances() const { return instances_; }  // all that there were

 private:
  static size_t LettersOf(const Program& program) {
    int last = program.vars - 1;
    for (const Statement& s : program.statements) {
      last = std::max(last, s.var);
      for (const int letter : s.reads) last = std::max(last, letter);
      for (const int letter : s.writes) last = std::max(last, letter);
    }
    return static_cast<size_t>(last + 1);
  }

  EngineCalls& engine_;
  HandlesPtr now_;
  std::vector<Handle> instances_;
};

}  // namespace tenter::fuzz::target_engine
