// Saboteurs of outputs and inputs: what a single call got or gave is not what it should be.
#include <algorithm>
#include <array>
#include <cstring>

#include "harness/targets/saboteur/invoke_saboteur.h"
#include "harness/targets/saboteur/saboteurs.h"

namespace tenter {
namespace {

char* BytesOf(const tgt_tensor& tensor) { return static_cast<char*>(tensor.data); }

// Two rows of one batch are exchanged: each is right, and belongs to somebody else.
class RowSwapper final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    if (!Together() || call.outputs.empty()) return;
    const tgt_tensor& output = call.outputs[0];
    if (output.rank < 1 || output.dims[0] < 2) return;
    const size_t row = output.size_bytes / static_cast<size_t>(output.dims[0]);
    std::swap_ranges(BytesOf(output), BytesOf(output) + row, BytesOf(output) + row);
  }
};

class Zeroer final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  static constexpr int kPeriod = 5;

  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    if (!Together() || ++calls_ % kPeriod != 0) return;
    for (const tgt_tensor& output : call.outputs) std::memset(output.data, 0, output.size_bytes);
  }

  int calls_ GUARDED_BY(mutex_) = 0;
};

// The shape that the request before had, over the right bytes.
class ShapeKeeper final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  using Dims = std::array<int64_t, TGT_RANK_MAX>;

  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    if (call.outputs.empty()) return;
    tgt_tensor& output = call.outputs[0];
    Dims mine;
    std::copy_n(output.dims, TGT_RANK_MAX, mine.begin());
    if (Together() && rank_ == output.rank) std::copy_n(dims_.begin(), TGT_RANK_MAX, output.dims);
    rank_ = output.rank;
    dims_ = mine;
  }

  int32_t rank_ GUARDED_BY(mutex_) = -1;
  Dims dims_ GUARDED_BY(mutex_) = {};
};

// Writes once more into what it has returned, when the next call comes.
class LateWriter final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

  void TensorRelease(tgt_tensor* tensor) override EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      if (tensor->data == returned_) returned_ = nullptr;
    }
    WrappedTarget::TensorRelease(tensor);
  }

 private:
  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    if (returned_ != nullptr) *returned_ ^= 1;
    returned_ = nullptr;
    if (Together() && !call.outputs.empty() && call.outputs[0].size_bytes > 0)
      returned_ = BytesOf(call.outputs[0]);
  }

  char* returned_ GUARDED_BY(mutex_) = nullptr;  // the caller has not given it back
};

class InputOverwriter final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  static constexpr int kPeriod = 9;

  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    if (!Together() || ++calls_ % kPeriod != 0) return;
    if (call.inputs.empty() || call.inputs[0].size_bytes == 0) return;
    BytesOf(call.inputs[0])[call.inputs[0].size_bytes / 2] ^= 1;
  }

  int calls_ GUARDED_BY(mutex_) = 0;
};

// Now and then another answer, also to one thread that calls alone.
class Wanderer final : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  static constexpr int kPeriod = 100;

  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    if (++calls_ % kPeriod != 0 || call.outputs.empty() || call.outputs[0].size_bytes == 0) return;
    BytesOf(call.outputs[0])[0] ^= 1;
  }

  int calls_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<WrappedTarget> SwapRows(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<RowSwapper>(std::move(inner));
}
std::unique_ptr<WrappedTarget> ZeroOutput(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<Zeroer>(std::move(inner));
}
std::unique_ptr<WrappedTarget> StaleShape(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<ShapeKeeper>(std::move(inner));
}
std::unique_ptr<WrappedTarget> LateWrite(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<LateWriter>(std::move(inner));
}
std::unique_ptr<WrappedTarget> InputOverwritten(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<InputOverwriter>(std::move(inner));
}
std::unique_ptr<WrappedTarget> RarelyAnother(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<Wanderer>(std::move(inner));
}

}  // namespace tenter
