// Saboteurs of calls: what a call does besides its answer. It leaves something behind, is refused,
// or never returns.
#include <cstdlib>
#include <optional>

#include "harness/targets/saboteur/invoke_saboteur.h"
#include "harness/targets/saboteur/saboteurs.h"

namespace tenter {
namespace {

// malloc, and not a C++ object: no compiler may leave an allocation out that nobody uses.
void LoseABlock() { static_cast<volatile char*>(std::malloc(64))[0] = 0; }

class CallLeaker final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  tgt_code Enter(tgt_error*) override REQUIRES(mutex_) {
    LoseABlock();
    return TGT_OK;
  }
};

class ErrorLeaker final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  tgt_code SpoilFailure(tgt_code code, tgt_error*) override REQUIRES(mutex_) {
    LoseABlock();
    return code;
  }
};

// The caller of one that finds no memory takes whatever its outputs hold for the answer.
class RefusalLoser final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  tgt_code SpoilFailure(tgt_code code, tgt_error* error) override REQUIRES(mutex_) {
    if (code != TGT_RESOURCE_EXHAUSTED) return code;
    *error = {};
    return TGT_OK;
  }
};

class RefusalLeaker final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  tgt_code SpoilFailure(tgt_code code, tgt_error*) override REQUIRES(mutex_) {
    if (code == TGT_RESOURCE_EXHAUSTED) LoseABlock();
    return code;
  }
};

// Whoever comes as the third waits for ever.
class Deadlocker final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  static constexpr int kTooMany = 3;

  tgt_code Enter(tgt_error*) override REQUIRES(mutex_) {
    const bool too_many = in_flight() == kTooMany;
    while (too_many) never_.Wait(mutex_);
    return TGT_OK;
  }

  CondVar never_;
};

// Says that others are there when nobody is.
class LonelyRefuser final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  static constexpr int kPeriod = 20;

  tgt_code Enter(tgt_error* error) override REQUIRES(mutex_) {
    if (Together() || ++alone_ % kPeriod != 0) return TGT_OK;
    *error = {TGT_CONCURRENT_USE, "", "another thread is inside"};
    return TGT_CONCURRENT_USE;
  }

  int alone_ GUARDED_BY(mutex_) = 0;
};

// A call that fails is told what failed for the one before it.
class ErrorRepeater final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  tgt_code SpoilFailure(tgt_code, tgt_error* error) override REQUIRES(mutex_) {
    const tgt_error mine = *error;
    if (before_.has_value()) *error = *before_;
    before_ = mine;
    return error->code;
  }

  std::optional<tgt_error> before_ GUARDED_BY(mutex_);
};

// Counts every call as one that was compiled for.
class Recompiler final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

  tgt_code Footprint(tgt_handle op, tgt_footprint* footprint, tgt_error* error) override
      EXCLUDES(mutex_) {
    const tgt_code code = WrappedTarget::Footprint(op, footprint, error);
    MutexLock lock(mutex_);
    footprint->compilations += calls_;
    return code;
  }

 private:
  tgt_code Enter(tgt_error*) override REQUIRES(mutex_) {
    ++calls_;
    return TGT_OK;
  }

  uint64_t calls_ GUARDED_BY(mutex_) = 0;
};

// Writes to a parameter of the model that was loaded last.
class ParameterWriter final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

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

  tgt_code Enter(tgt_error*) override REQUIRES(mutex_) {
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
std::unique_ptr<WrappedTarget> LostRefusal(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<RefusalLoser>(std::move(inner));
}
std::unique_ptr<WrappedTarget> LeakOnRefusal(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<RefusalLeaker>(std::move(inner));
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
