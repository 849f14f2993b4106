// Letters: which vars the letters of a running case mean, now and ever.
//
// Thread safety: only programs of one pusher have `new`; otherwise nothing changes after the
//   construction, and any thread may read.
// Ownership and lifetime: borrows the engine. Who needs what the letters meant at some moment keeps
//   the pointer of that moment.
#pragma once

#include <memory>
#include <vector>

#include "fuzz/history/handles.h"
#include "runtime/engine/engine.h"

namespace tenter::fuzz {

using HandlesPtr = std::shared_ptr<const Handles>;

class Letters {
 public:
  Letters(Engine& engine, int vars) : engine_(engine) {
    Handles handles(kLetters);
    for (int i = 0; i < vars; ++i) handles[i] = {engine_.NewVar().value(), i};
    instances_.assign(handles.begin(), handles.begin() + vars);
    now_ = std::make_shared<const Handles>(std::move(handles));
  }

  // `letter` means a fresh var from now on, unless the engine refuses that.
  StatusCode New(int letter) {
    const Result<Var> var = engine_.NewVar();
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
  static constexpr size_t kLetters = 26;

  Engine& engine_;
  HandlesPtr now_;
  std::vector<Handle> instances_;
};

}  // namespace tenter::fuzz
