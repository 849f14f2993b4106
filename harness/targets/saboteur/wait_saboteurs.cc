// Saboteurs of waits, for a var or for the next batch: what a wait has to report is lost,
// misdirected or told twice.
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

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

class FailureLoser : public WrappedTarget {
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

// One wait sleeps on after what it waits for has ended.
class WakeupLoser : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code WaitForVar(tgt_handle engine, tgt_var var, tgt_failure* failure,
                      tgt_error* error) override EXCLUDES(mutex_) {
    const tgt_code code = WrappedTarget::WaitForVar(engine, var, failure, error);
    MutexLock lock(mutex_);
    const int mine = ++waits_;
    while (mine == kLost) never_.Wait(mutex_);
    return code;
  }

 private:
  static constexpr int kLost = 20;
  Mutex mutex_;
  CondVar never_;
  int waits_ GUARDED_BY(mutex_) = 0;
};

// Every fifth batch holds once more what the one before it held.
class BatchRepeater : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code IteratorNext(tgt_handle iterator, tgt_batch* batch, tgt_error* error) override
      EXCLUDES(mutex_) {
    const tgt_code code = WrappedTarget::IteratorNext(iterator, batch, error);
    if (code != TGT_OK || batch->has_value == 0) return code;
    char* const data = static_cast<char*>(batch->data.data);
    MutexLock lock(mutex_);
    if (++batches_ % kPeriod == 0 && before_.size() == batch->data.size_bytes)
      std::copy(before_.begin(), before_.end(), data);
    before_.assign(data, data + batch->data.size_bytes);
    return code;
  }

 private:
  static constexpr int kPeriod = 5;
  Mutex mutex_;
  int batches_ GUARDED_BY(mutex_) = 0;
  std::vector<char> before_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<WrappedTarget> LostWakeup(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<WakeupLoser>(std::move(inner));
}

std::unique_ptr<WrappedTarget> BatchTwice(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<BatchRepeater>(std::move(inner));
}

std::unique_ptr<WrappedTarget> WrongWaiter(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<WrongWaiterTarget>(std::move(inner));
}

std::unique_ptr<WrappedTarget> LostFailure(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<FailureLoser>(std::move(inner));
}

}  // namespace tenter
