// Saboteurs of calls: what a call does besides its answer. It leaves something behind, is refused,
// or never returns.
#include <cstdlib>
#include <optional>

#include "harness/targets/saboteur/saboteurs.h"
#include "runtime/base/mutex.h"

namespace tenter {
namespace {

// malloc, and not a C++ object: no compiler may leave an allocation out that nobody uses.
void LoseABlock() { static_cast<volatile char*>(std::malloc(64))[0] = 0; }

class CallLeaker final : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code Invoke(tgt_handle op, const tgt_tensor* inputs, size_t input_count, tgt_tensor* outputs,
                  size_t output_count, tgt_error* error) override {
    LoseABlock();
    return WrappedTarget::Invoke(op, inputs, input_count, outputs, output_count, error);
  }
};

class ErrorLeaker final : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code Invoke(tgt_handle op, const tgt_tensor* inputs, size_t input_count, tgt_tensor* outputs,
                  size_t output_count, tgt_error* error) override {
    const tgt_code code =
        WrappedTarget::Invoke(op, inputs, input_count, outputs, output_count, error);
    if (code != TGT_OK) LoseABlock();
    return code;
  }
};

// What the calls of one op have in common: how many are inside.
class CrowdSaboteur : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code Invoke(tgt_handle op, const tgt_tensor* inputs, size_t input_count, tgt_tensor* outputs,
                  size_t output_count, tgt_error* error) final EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      if (const tgt_code code = Enter(++inside_, error); code != TGT_OK) {
        --inside_;
        return code;
      }
    }
    const tgt_code code =
        WrappedTarget::Invoke(op, inputs, input_count, outputs, output_count, error);
    MutexLock lock(mutex_);
    --inside_;
    return code;
  }

 protected:
  virtual tgt_code Enter(int inside, tgt_error* error) REQUIRES(mutex_) = 0;

  Mutex mutex_;

 private:
  int inside_ GUARDED_BY(mutex_) = 0;
};

// Whoever comes as the third waits for ever.
class Deadlocker final : public CrowdSaboteur {
 public:
  using CrowdSaboteur::CrowdSaboteur;

 private:
  static constexpr int kTooMany = 3;

  tgt_code Enter(int inside, tgt_error*) override REQUIRES(mutex_) {
    while (inside == kTooMany) never_.Wait(mutex_);
    return TGT_OK;
  }

  CondVar never_;
};

// Says that others are there when nobody is.
class LonelyRefuser final : public CrowdSaboteur {
 public:
  using CrowdSaboteur::CrowdSaboteur;

 private:
  static constexpr int kPeriod = 20;

  tgt_code Enter(int inside, tgt_error* error) override REQUIRES(mutex_) {
    if (inside != 1 || ++alone_ % kPeriod != 0) return TGT_OK;
    *error = {TGT_CONCURRENT_USE, "", "another thread is inside"};
    return TGT_CONCURRENT_USE;
  }

  int alone_ GUARDED_BY(mutex_) = 0;
};

// A call that fails is told what failed for the one before it.
class ErrorRepeater final : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code Invoke(tgt_handle op, const tgt_tensor* inputs, size_t input_count, tgt_tensor* outputs,
                  size_t output_count, tgt_error* error) override EXCLUDES(mutex_) {
    const tgt_code code =
        WrappedTarget::Invoke(op, inputs, input_count, outputs, output_count, error);
    if (code == TGT_OK) return code;
    MutexLock lock(mutex_);
    const tgt_error mine = *error;
    if (before_.has_value()) *error = *before_;
    before_ = mine;
    return error->code;
  }

 private:
  Mutex mutex_;
  std::optional<tgt_error> before_ GUARDED_BY(mutex_);
};

// Counts every call as one that was compiled for.
class Recompiler final : public CrowdSaboteur {
 public:
  using CrowdSaboteur::CrowdSaboteur;

  tgt_code Footprint(tgt_handle op, tgt_footprint* footprint, tgt_error* error) override
      EXCLUDES(mutex_) {
    const tgt_code code = WrappedTarget::Footprint(op, footprint, error);
    MutexLock lock(mutex_);
    footprint->compilations += calls_;
    return code;
  }

 private:
  tgt_code Enter(int, tgt_error*) override REQUIRES(mutex_) {
    ++calls_;
    return TGT_OK;
  }

  uint64_t calls_ GUARDED_BY(mutex_) = 0;
};

// Writes to a parameter of the model that was loaded last.
class ParameterWriter final : public CrowdSaboteur {
 public:
  using CrowdSaboteur::CrowdSaboteur;

  tgt_code ModelLoad(const char* path, tgt_handle* model, tgt_error* error) override
      EXCLUDES(mutex_) {
    const tgt_code code = WrappedTarget::ModelLoad(path, model, error);
    const void* data = nullptr;
    size_t size = 0;
    tgt_error ignored = {};
    const auto ask = inner().table().model_parameters;
    const bool told = code == TGT_OK && ask != nullptr &&
                      ask(inner().self(), *model, &data, &size, &ignored) == TGT_OK && size > 0;
    MutexLock lock(mutex_);
    parameters_ = told ? static_cast<char*>(const_cast<void*>(data)) : nullptr;
    return code;
  }

 private:
  static constexpr int kPeriod = 50;

  tgt_code Enter(int, tgt_error*) override REQUIRES(mutex_) {
    if (++calls_ % kPeriod == 0 && parameters_ != nullptr) *parameters_ ^= 1;
    return TGT_OK;
  }

  int calls_ GUARDED_BY(mutex_) = 0;
  char* parameters_ GUARDED_BY(mutex_) = nullptr;
};

}  // namespace

std::unique_ptr<WrappedTarget> LeakPerCall(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<CallLeaker>(std::move(inner));
}
std::unique_ptr<WrappedTarget> LeakPerError(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<ErrorLeaker>(std::move(inner));
}
std::unique_ptr<WrappedTarget> DeadlockOfThree(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<Deadlocker>(std::move(inner));
}
std::unique_ptr<WrappedTarget> LonelyRefusal(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<LonelyRefuser>(std::move(inner));
}
std::unique_ptr<WrappedTarget> ErrorOfAnother(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<ErrorRepeater>(std::move(inner));
}
std::unique_ptr<WrappedTarget> CompilePerCall(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<Recompiler>(std::move(inner));
}
std::unique_ptr<WrappedTarget> HiddenWrite(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<ParameterWriter>(std::move(inner));
}

}  // namespace tenter
