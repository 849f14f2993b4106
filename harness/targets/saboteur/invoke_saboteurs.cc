// Saboteurs of invocations: they mix up the outputs of calls that were right.
#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "harness/targets/saboteur/invoke_saboteur.h"
#include "harness/targets/saboteur/saboteurs.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

class OutputSwapper : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  // How long an invocation is held for a partner. The last one of a run never meets one.
  static constexpr int64_t kPatienceNs = 50 * kNsPerMs;

  struct Offer {
    tgt_handle op;
    std::span<tgt_tensor> outputs;
    bool met = false;
  };

  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    const tgt_handle op = call.op;
    const std::span<tgt_tensor> outputs = call.outputs;
    if (offer_ != nullptr && !offer_->met && offer_->op == op &&
        offer_->outputs.size() == outputs.size()) {
      std::swap_ranges(outputs.begin(), outputs.end(), offer_->outputs.begin());
      offer_->met = true;
      met_.NotifyAll();
      return;
    }
    if (offer_ != nullptr || !Together()) return;
    Offer offer{op, outputs};
    offer_ = &offer;
    while (!offer.met && met_.WaitFor(mutex_, kPatienceNs)) {
    }
    offer_ = nullptr;
  }

  CondVar met_;
  Offer* offer_ GUARDED_BY(mutex_) = nullptr;  // on the stack of the invocation that waits
};

class OutputRepeater : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  static constexpr int kPeriod = 5;

  struct Earlier {
    tgt_handle op = 0;
    std::vector<std::vector<char>> bytes;  // one per output
  };

  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    const tgt_handle op = call.op;
    const std::span<tgt_tensor> outputs = call.outputs;
    if (Together() && ++calls_ % kPeriod == 0 && Fits(op, outputs)) {
      for (size_t i = 0; i < outputs.size(); ++i)
        std::memcpy(outputs[i].data, earlier_.bytes[i].data(), earlier_.bytes[i].size());
      return;
    }
    earlier_ = {.op = op, .bytes = {}};
    for (const tgt_tensor& output : outputs) {
      const char* data = static_cast<const char*>(output.data);
      earlier_.bytes.emplace_back(data, data + output.size_bytes);
    }
  }

  bool Fits(tgt_handle op, std::span<const tgt_tensor> outputs) const REQUIRES(mutex_) {
    return earlier_.op == op &&
           std::equal(outputs.begin(), outputs.end(), earlier_.bytes.begin(), earlier_.bytes.end(),
                      [](const auto& o, const auto& b) { return o.size_bytes == b.size(); });
  }

  int calls_ GUARDED_BY(mutex_) = 0;
  Earlier earlier_ GUARDED_BY(mutex_);
};

class BitFlipper : public InvokeSaboteur {
 public:
  using InvokeSaboteur::InvokeSaboteur;

 private:
  static constexpr int kPeriod = 7;

  void Spoil(const Invocation& call) override REQUIRES(mutex_) {
    const std::span<tgt_tensor> outputs = call.outputs;
    if (!Together() || ++calls_ % kPeriod != 0) return;
    if (outputs.empty() || outputs[0].size_bytes == 0) return;
    static_cast<char*>(outputs[0].data)[outputs[0].size_bytes / 2] ^= 1;
  }

  int calls_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<WrappedTarget> SwapOutputs(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<OutputSwapper>(std::move(inner));
}

std::unique_ptr<WrappedTarget> StaleOutput(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<OutputRepeater>(std::move(inner));
}

std::unique_ptr<WrappedTarget> FlipBit(std::unique_ptr<TargetInstance> inner) {
  return std::make_unique<BitFlipper>(std::move(inner));
}

}  // namespace tenter
