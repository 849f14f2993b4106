// Handle: something that a target made for a workload, freed when it goes out of scope.
//
// Thread safety: owner thread only.
// Ownership and lifetime: owns the handle; borrows the stage.
// Invariants: 0 is no handle.
// Errors: a free that fails is reported as a finding of the life check.
#pragma once

#include <optional>
#include <string>
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
    const TargetInstance& target = stage_.target;
    std::optional<Described> described;
    if (&kind_ == &kEngineHandle && target.table().engine_describe != nullptr)
      described.emplace(&stage_.progress,
                        [&target, handle] { return DescribeWhileFreed(target, handle); });
    tgt_error error = {};
    const tgt_code code = FreeInAPhase(handle, &error);
    if (code == TGT_OK) return;
    stage_.board.Report({.check = &kLife,
                         .what = "free failed",
                         .title = "freeing a live handle failed: " + ErrorText(error)});
  }

 private:
  tgt_code FreeInAPhase(tgt_handle handle, tgt_error* error) {
    const Phase freeing(&stage_.progress.phases(), kind_.freeing, kind_.contract);
    return stage_.target.table().free_handle(stage_.target.self(), handle, error);
  }
  // Asked by the watchdog alone. Whoever frees must not ask: the locks of the engine would order
  // all that its threads did before what its destructor does, and hide a race of the two.
  static std::string DescribeWhileFreed(const TargetInstance& target, tgt_handle engine) {
    const std::string text = DescribeEngine(target, engine);
    return text.empty() ? "the engine did not describe itself: while it is freed, its handle may "
                          "be none any more\n"
                        : "the engine while it is freed:\n" + text;
  }

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
