// Saboteurs of refusals: they spoil what an invocation does when it cannot have memory, and leave
// all others alone.
#include <cstdlib>

#include "harness/targets/saboteur/saboteurs.h"

namespace tenter {
namespace {

class RefusalSaboteur : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code Invoke(tgt_handle op, const tgt_tensor* inputs, size_t input_count, tgt_tensor* outputs,
                  size_t output_count, tgt_error* error) final {
    const tgt_code code =
        WrappedTarget::Invoke(op, inputs, input_count, outputs, output_count, error);
    return code == TGT_RESOURCE_EXHAUSTED ? Spoil(code, error) : code;
  }

 protected:
  virtual tgt_code Spoil(tgt_code code, tgt_error* error) = 0;
};

// The caller takes whatever its outputs hold for the answer.
class RefusalLoser final : public RefusalSaboteur {
 public:
  using RefusalSaboteur::RefusalSaboteur;

 private:
  tgt_code Spoil(tgt_code, tgt_error* error) override {
    *error = {};
    return TGT_OK;
  }
};

class RefusalLeaker final : public RefusalSaboteur {
 public:
  using RefusalSaboteur::RefusalSaboteur;

 private:
  static constexpr size_t kBytes = 64;

  // malloc, and not a C++ object: no compiler may leave an allocation out that nobody uses.
  tgt_code Spoil(tgt_code code, tgt_error*) override {
    static_cast<volatile char*>(std::malloc(kBytes))[0] = 0;
    return code;
  }
};

}  // namespace

std::unique_ptr<WrappedTarget> LostRefusal(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<RefusalLoser>(std::move(inner));
}

std::unique_ptr<WrappedTarget> LeakOnRefusal(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<RefusalLeaker>(std::move(inner));
}

}  // namespace tenter
