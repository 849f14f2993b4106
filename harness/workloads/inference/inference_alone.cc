#include "harness/workloads/inference/inference_alone.h"

#include <algorithm>
#include <string>
#include <vector>

#include "harness/workloads/inference/inference_op.h"

namespace tenter {
namespace {

constexpr int kRounds = 3;
// A target may remember a bounded number of calls or failures, and warm up for as long; whoever
// forgets none grows for ever. So what has grown is called so often again, each time by as much.
constexpr int64_t kToBeSure = 100;
constexpr int kRoundsToBeSure = 5;

}  // namespace

Status InferenceAlone::CheckAlone(tgt_handle model) {
  const int64_t calls = stage_.parameters.Int("calls_alone");
  if (calls == 0) return {};
  InferenceOp alone(stage_);
  tgt_error refused = {};
  TENTER_RETURN_IF_ERROR(alone.Create(stage_, model, 1, &refused));
  const tgt_handle op = alone.op.get();
  CheckAnswers(op);
  const int64_t round = std::max<int64_t>(1, calls / 4);
  CheckGrowth("COP-2", "a call", round, [&] { Call(op, inputs_.sample(0).inputs, nullptr); });
  const std::vector<tgt_tensor> wrong = inputs_.Misshaped(0);
  CheckGrowth("COP-8", "a refused call", round, [&] { Call(op, wrong, nullptr); });
  return {};
}

// COP-1, of which the smallest case is one caller. Each sample was answered once before.
void InferenceAlone::CheckAnswers(tgt_handle op) {
  const int64_t calls = stage_.parameters.Int("calls_alone");
  for (int64_t i = 0; i < calls; ++i) {
    const size_t sample = static_cast<size_t>(i) % inputs_.size();
    Call(op, inputs_.sample(sample).inputs, [&](const std::vector<tgt_tensor>& outputs) {
      stage_.board.Examine(kDeterminism);
      if (inputs_.WhoseAnswer(outputs, sample) == static_cast<int64_t>(sample)) return;
      stage_.board.Report({.check = &kDeterminism,
                           .contract = "COP-1",
                           .what = "two answers to one thread",
                           .title = "one thread that called alone got another answer to the same "
                                    "input than before",
                           .detail = inputs_.FirstDifference(outputs, sample)});
    });
  }
}

// Blocks that are alive after each round of as many calls.
void InferenceAlone::CheckGrowth(std::string_view contract, const char* what, int64_t calls,
                                 const std::function<void()>& call) {
  if (stage_.allocations == nullptr) return;
  const auto grown = [&](int64_t times) {
    const int64_t before = stage_.allocations->live_blocks();
    for (int64_t i = 0; i < times; ++i) call();
    return stage_.allocations->live_blocks() - before;
  };
  grown(1);  // the first call is often its own kind
  stage_.board.Examine(kLeak);
  for (int round = 0; round < kRounds; ++round)
    if (grown(calls) < calls) return;
  int64_t lost = 0;
  for (int round = 0; round < kRoundsToBeSure; ++round) {
    const int64_t more = grown(kToBeSure);
    if (more < kToBeSure) return;
    lost += more;
  }
  stage_.board.Report({.check = &kLeak,
                       .contract = contract,
                       .what = std::string(what) + " leaves memory behind",
                       .title = std::to_string(lost) + " blocks were left behind by " +
                                std::to_string(kToBeSure * kRoundsToBeSure) + " times " + what +
                                " of one thread that called alone"});
}

void InferenceAlone::Call(tgt_handle op, const std::vector<tgt_tensor>& inputs,
                          const std::function<void(const std::vector<tgt_tensor>&)>& look) {
  std::vector<tgt_tensor> outputs(inputs_.output_count());
  tgt_error error = {};
  if (table_.invoke(stage_.target.self(), op, inputs.data(), inputs.size(), outputs.data(),
                    outputs.size(), &error) != TGT_OK)
    return;
  if (look) look(outputs);
  for (tgt_tensor& output : outputs) table_.tensor_release(stage_.target.self(), &output);
}

}  // namespace tenter
