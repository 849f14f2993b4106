// Letters: which vars the letters of a running case mean, now and ever.
//
// Thread safety: only programs of one pusher have `new`; otherwise nothing changes after the
//   beginning, and any thread may read.
// Ownership and lifetime: what `new_var` borrows outlives the last call. Who needs what the letters
//   meant at some moment keeps the pointer of that moment.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "fuzz/engine/history/handles.h"
#include "fuzz/engine/program/program.h"
#include "runtime/base/status.h"

namespace tenter::fuzz {

using HandlesPtr = std::shared_ptr<const Handles>;

class Letters {
 public:
  // Makes a var of the engine under test.
  using NewVar = std::function<Result<Var>()>;

  explicit Letters(NewVar new_var) : new_var_(std::move(new_var)) {}

  // Makes the vars that there are at the start.
  Status Begin(const Program& program) {
    Handles handles(LettersOf(program));
    for (int i = 0; i < program.vars; ++i) {
      TENTER_ASSIGN_OR_RETURN(handles[i].var, new_var_());
      handles[i].instance = i;
      for (int spare = 1; spare < program.apart; ++spare)
        TENTER_RETURN_IF_ERROR(new_var_().status());
    }
    instances_.assign(handles.begin(), handles.begin() + program.vars);
    now_ = std::make_shared<const Handles>(std::move(handles));
    return {};
  }

  // `letter` means a fresh var from now on, unless the engine refuses that.
  StatusCode New(int letter) {
    const Result<Var> var = new_var_();
    if (!var.ok()) return var.status().code();
    Handles handles = *now_;
    handles[letter] = {*var, static_cast<int>(instances_.size())};
    instances_.push_back(handles[letter]);
    now_ = std::make_shared<const Handles>(std::move(handles));
    return StatusCode::kOk;
  }

  const HandlesPtr& now() const { return now_; }
  const std::vector<Handle>& instances() const { return instances_; }  // all that there were

 private:
  // Handles are copied often, and a program with many letters is rare.
  static size_t LettersOf(const Program& program) {
    int last = program.vars - 1;
    for (const Statement& s : program.statements) {
      last = std::max(last, s.var);
      for (const int letter : s.reads) last = std::max(last, letter);
      for (const int letter : s.writes) last = std::max(last, letter);
    }
    return static_cast<size_t>(last + 1);
  }

  const NewVar new_var_;
  HandlesPtr now_;
  std::vector<Handle> instances_;
};

}  // namespace tenter::fuzz
