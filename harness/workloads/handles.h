// Handle: something that a target made for a workload, freed when it goes out of scope.
//
// Thread safety: owner thread only.
// Ownership and lifetime: owns the handle; borrows the stage.
// Invariants: 0 is no handle.
// Errors: a free that fails is reported as a finding of the life check.
#pragma once

#include <string_view>
#include <utility>

#include "harness/workloads/workload.h"

namespace tenter {

// What kind of handle it is, for whoever waits for its end.
struct HandleKind {
  std::string_view freeing;
  std::string_view contract;  // that it breaks when the free never returns
};
inline constexpr HandleKind kEngineHandle{"freeing the engine", "ENG-9"};
inline constexpr HandleKind kModelHandle{"freeing the model", ""};
inline constexpr HandleKind kOpHandle{"freeing the cached op", "COP-4"};
inline constexpr HandleKind kIteratorHandle{"freeing the iterator", "ITR-5"};

class Handle {
 public:
  Handle(const Stage& stage, const HandleKind& kind) : stage_(stage), kind_(kind) {}
  ~Handle() { Free(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  tgt_handle get() const { return handle_; }
  tgt_handle* out() { return &handle_; }

  void Free() {
    const tgt_handle handle = std::exchange(handle_, 0);
    if (handle == 0) return;
    Phase freeing(&stage_.progress.phases(), kind_.freeing, kind_.contract);
    // A handle that is being freed may be none any more.
    if (&kind_ == &kEngineHandle) freeing.Before(DescribeEngine(stage_.target, handle));
    tgt_error error = {};
    const TargetInstance& target = stage_.target;
    if (target.table().free_handle(target.self(), handle, &error) == TGT_OK) return;
    stage_.board.Report({.check = &kLife,
                         .what = "free failed",
                         .title = "freeing a live handle failed: " + ErrorText(error)});
  }

 private:
  const Stage& stage_;
  const HandleKind& kind_;
  tgt_handle handle_ = 0;
};

// Turns a target's answer in the set-up of a workload into a Status.
inline Status SetUp(tgt_code code, const tgt_error& error, const char* what) {
  if (code == TGT_OK) return {};
  return {code == TGT_UNSUPPORTED ? StatusCode::kUnsupported : StatusCode::kInvalidArgument,
          std::string(what) + ": " + ErrorText(error)};
}

}  // namespace tenter
