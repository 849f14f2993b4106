// Handle: something that a target made for a workload, freed when it goes out of scope.
//
// Thread safety: owner thread only.
// Ownership and lifetime: owns the handle; borrows the instance.
// Invariants: 0 is no handle.
// Errors: a free that fails is reported as a finding of the life check.
#pragma once

#include <utility>

#include "harness/checks/check_board.h"
#include "harness/target/target_library.h"

namespace tenter {

class Handle {
 public:
  Handle(const TargetInstance* target, CheckBoard* board) : target_(target), board_(board) {}
  ~Handle() { Free(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  tgt_handle get() const { return handle_; }
  tgt_handle* out() { return &handle_; }

  void Free() {
    const tgt_handle handle = std::exchange(handle_, 0);
    tgt_error error = {};
    if (handle == 0 || target_->table().free_handle(target_->self(), handle, &error) == TGT_OK)
      return;
    board_->Report({.check = &kLife,
                    .what = "free failed",
                    .title = "freeing a live handle failed: " + ErrorText(error)});
  }

 private:
  const TargetInstance* const target_;
  CheckBoard* const board_;
  tgt_handle handle_ = 0;
};

// Turns a target's answer in the set-up of a workload into a Status.
inline Status SetUp(tgt_code code, const tgt_error& error, const char* what) {
  if (code == TGT_OK) return {};
  return {code == TGT_UNSUPPORTED ? StatusCode::kUnsupported : StatusCode::kInvalidArgument,
          std::string(what) + ": " + ErrorText(error)};
}

}  // namespace tenter
