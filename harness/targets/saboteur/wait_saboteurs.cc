// Saboteurs of waits: they lose or misdirect the failure that a wait for a var has to report.
#include <optional>
#include <utility>

#include "harness/targets/saboteur/saboteurs.h"
#include "runtime/base/mutex.h"

namespace tenter {
namespace {

// A failed op is behind the error; a refused call (a stale handle, a wait inside an op) names no
// op.
bool IsFailure(tgt_code code, const tgt_failure& failure) {
  return code != TGT_OK && failure.op[0] != '\0';
}

class WrongWaiterTarget : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code WaitForVar(tgt_handle engine, tgt_var var, tgt_failure* failure,
                      tgt_error* error) override EXCLUDES(mutex_) {
    const tgt_code code = WrappedTarget::WaitForVar(engine, var, failure, error);
    MutexLock lock(mutex_);
    if (IsFailure(code, *failure) && !withheld_.has_value()) {
      withheld_ = Withheld{engine, code, std::exchange(*failure, {}), std::exchange(*error, {})};
      return TGT_OK;
    }
    if (code != TGT_OK || !withheld_.has_value() || withheld_->engine != engine) return code;
    const Withheld mine = *std::exchange(withheld_, std::nullopt);
    *failure = mine.failure;
    *error = mine.error;
    return mine.code;
  }

 private:
  struct Withheld {
    tgt_handle engine;
    tgt_code code;
    tgt_failure failure;
    tgt_error error;
  };
  Mutex mutex_;
  std::optional<Withheld> withheld_ GUARDED_BY(mutex_);
};

class ErrorLoser : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code WaitForVar(tgt_handle engine, tgt_var var, tgt_failure* failure,
                      tgt_error* error) override EXCLUDES(mutex_) {
    const tgt_code code = WrappedTarget::WaitForVar(engine, var, failure, error);
    MutexLock lock(mutex_);
    if (!IsFailure(code, *failure) || ++failures_ % kPeriod != 0) return code;
    *failure = {};
    *error = {};
    return TGT_OK;
  }

 private:
  static constexpr int kPeriod = 3;
  Mutex mutex_;
  int failures_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<WrappedTarget> WrongWaiter(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<WrongWaiterTarget>(std::move(inner));
}

std::unique_ptr<WrappedTarget> LostError(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<ErrorLoser>(std::move(inner));
}

}  // namespace tenter
