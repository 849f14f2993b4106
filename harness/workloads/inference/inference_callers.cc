#include "harness/workloads/inference/inference_callers.h"

#include <utility>

#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

namespace tenter {

InferenceCallers::InferenceCallers(Stage& stage, const ModelInputs& inputs, InferenceErrors* errors)
    : stage_(stage),
      table_(stage.target.table()),
      inputs_(inputs),
      errors_(*errors),
      threads_(stage.parameters.Int("threads")),
      inferences_(stage.parameters.Int("inferences")),
      per_thread_(stage.parameters.Int("inputs_per_thread")),
      bad_requests_(stage.parameters.Int("bad_requests")),
      free_after_(stage.parameters.Int("free_after")),
      in_flight_most_(stage.parameters.Int("in_flight_max")),
      later_(stage.parameters.Int("later")),
      withdrawn_percent_(stage.parameters.Int("withdrawn_percent")) {}

Status InferenceCallers::CallFromAllThreads(Handle* op) {
  tickets_.Store(0, kRelaxed);
  freed_.Store(false, kRelaxed);
  const tgt_handle handle = op->get();
  Gate gate;
  std::vector<Thread> callers(threads_);
  Status started;
  for (int64_t t = 0; t < threads_ && started.ok(); ++t)
    started = callers[t].Start("caller-" + std::to_string(t), [this, t, handle, &gate] {
      stage_.flight.NameThisThread();
      gate.Wait();
      if (later_ > 0)
        LaterLoop(t, handle);
      else
        CallLoop(t, handle);
    });
  if (!started.ok()) tickets_.Store(inferences_, kRelaxed);
  gate.Open();
  if (free_after_ > 0 && started.ok()) {
    calls_.AwaitAtLeast(static_cast<uint64_t>(free_after_));
    freed_.Store(true, kRelaxed);
    op->Free();
  }
  for (Thread& caller : callers) caller.Join();
  calls_.Reset();
  return started;
}

void InferenceCallers::CallLoop(int64_t thread, tgt_handle op) {
  Held held;
  for (int64_t i = 0;; ++i) {
    const int64_t ticket = tickets_.FetchAdd(1, kRelaxed);
    if (ticket >= inferences_) return Release(&held);
    const auto sample = static_cast<size_t>(thread * per_thread_ + i % per_thread_);
    while (Call(op, sample, IsBad(ticket), &held) == Outcome::kRefusedForNow) YieldThread();
    if (free_after_ > 0) calls_.Add();
    stage_.progress.Step();
  }
}

void InferenceCallers::LaterLoop(int64_t thread, tgt_handle op) {
  LaterCalls calls(stage_.target, op, later_,
                   [this](LaterCalls::Answer* answer) { JudgeLater(answer); });
  Rng rng(static_cast<uint64_t>(thread) + stage_.seed);
  for (int64_t i = 0; tickets_.FetchAdd(1, kRelaxed) < inferences_; ++i) {
    const auto sample = static_cast<size_t>(thread * per_thread_ + i % per_thread_);
    const bool withdraw = static_cast<int64_t>(rng.Below(100)) < withdrawn_percent_;
    tgt_error error = {};
    stage_.injector.CallBegins();
    const std::vector<tgt_tensor>& inputs = inputs_.sample(sample).inputs;
    if (calls.Ask(sample, inputs, withdraw, &in_flight_, &error) == TGT_OK) continue;
    stage_.injector.CallEnds();
    errors_.Add(error);
    stage_.progress.Step();
  }
  calls.AwaitAll();
}

void InferenceCallers::JudgeLater(LaterCalls::Answer* answer) {
  stage_.injector.CallEnds();
  in_flight_.Leave(answer->visit);
  CheckInputs(answer->sample);
  if (answer->code == TGT_OK)
    Compare(answer->outputs, answer->sample);
  else if (answer->code == TGT_STOPPED && answer->withdrawn)
    withdrawn_.FetchAdd(1, kRelaxed);
  else
    errors_.Add(answer->error);
  for (tgt_tensor& output : answer->outputs) table_.tensor_release(stage_.target.self(), &output);
  stage_.progress.Step();
}

// The bad requests are spread evenly over the run.
bool InferenceCallers::IsBad(int64_t ticket) const {
  return bad_requests_ > 0 &&
         ticket * bad_requests_ / inferences_ != (ticket + 1) * bad_requests_ / inferences_;
}

InferenceCallers::Outcome InferenceCallers::Call(tgt_handle op, size_t sample, bool bad,
                                                 Held* held) {
  const std::vector<tgt_tensor> inputs =
      bad ? inputs_.Misshaped(sample) : inputs_.sample(sample).inputs;
  std::vector<tgt_tensor> outputs(inputs_.output_count());
  tgt_error error = {};
  const InFlightGauge::Visit visit = in_flight_.Enter();
  stage_.injector.CallBegins();
  const tgt_code code = table_.invoke(stage_.target.self(), op, inputs.data(), inputs.size(),
                                      outputs.data(), outputs.size(), &error);
  stage_.injector.CallEnds();
  const int64_t others = in_flight_.Leave(visit);
  CheckInputs(sample);
  Release(held);
  if (code != TGT_OK) return JudgeError(error, code, bad, others);
  if (bad) errors_.MissingRefusal(inputs[0].rank);
  *held = {.outputs = std::move(outputs), .sample = sample, .right = false};
  if (!bad) held->right = Compare(held->outputs, sample);
  if (free_after_ > 0) Release(held);
  return Outcome::kEnded;
}

uint64_t InferenceCallers::CallAfterwards(tgt_handle op, int64_t calls) {
  uint64_t hash = 0;
  for (int64_t i = 0; i < calls; ++i) {
    hash = CallOnce(op, static_cast<size_t>(i) % inputs_.size(), hash);
    stage_.progress.Step();
  }
  return hash;
}

uint64_t InferenceCallers::CallOnce(tgt_handle op, size_t sample, uint64_t hash) {
  const std::vector<tgt_tensor>& inputs = inputs_.sample(sample).inputs;
  std::vector<tgt_tensor> outputs(inputs_.output_count());
  tgt_error error = {};
  stage_.board.Examine(kErrorExactness);
  if (table_.invoke(stage_.target.self(), op, inputs.data(), inputs.size(), outputs.data(),
                    outputs.size(), &error) != TGT_OK) {
    stage_.board.Report({.check = &kErrorExactness,
                         .contract = "COP-5",
                         .what = "failure in the aftermath",
                         .title = "a call failed after the faults had stopped",
                         .detail = ErrorText(error)});
    return hash;
  }
  Compare(outputs, sample);
  for (tgt_tensor& output : outputs) {
    const std::string_view bytes(static_cast<const char*>(output.data), output.size_bytes);
    hash = CombineHash(hash, HashBytes(bytes));
    table_.tensor_release(stage_.target.self(), &output);
  }
  return hash;
}

void InferenceCallers::CheckInputs(size_t sample) {
  stage_.board.Examine(kOwnership);
  if (!inputs_.IsSpoilt(sample)) return;
  stage_.board.Report({.check = &kOwnership,
                       .contract = "COP-1",
                       .what = "an input was overwritten",
                       .title = "the input of a call is not what it was before the call"});
}

void InferenceCallers::Release(Held* held) {
  if (held->right) {
    stage_.board.Examine(kOwnership);
    if (inputs_.WhoseAnswer(held->outputs, held->sample) != static_cast<int64_t>(held->sample))
      stage_.board.Report({.check = &kOwnership,
                           .contract = "COP-1",
                           .what = "an output changed after it was returned",
                           .title = "an output that was right when it was returned was another one "
                                    "before its caller released it",
                           .detail = inputs_.FirstDifference(held->outputs, held->sample)});
  }
  for (tgt_tensor& output : held->outputs) table_.tensor_release(stage_.target.self(), &output);
  *held = {};
}

void InferenceCallers::Refused() {
  refused_.FetchAdd(1, kRelaxed);
  stage_.board.Examine(kLife);
}

// A refusal because of others needs others: without them it is a failure of a call that did nothing
// wrong.
InferenceCallers::Outcome InferenceCallers::RefusedForNow(const tgt_error& error,
                                                          const char* contract, int64_t others,
                                                          int64_t needed) {
  Refused();
  if (others < needed)
    stage_.board.Report({.check = &kErrorExactness,
                         .contract = contract,
                         .what = "refused without a cause",
                         .title = "a call was refused although at most " + std::to_string(others) +
                                  " others were inside meanwhile: " + ErrorText(error)});
  return Outcome::kRefusedForNow;
}

InferenceCallers::Outcome InferenceCallers::JudgeError(const tgt_error& error, tgt_code code,
                                                       bool bad, int64_t others) {
  if (free_after_ > 0 && (code == TGT_CLOSED || code == TGT_STALE_HANDLE)) {
    Refused();
    if (!freed_.Load(kRelaxed))
      stage_.board.Report(
          {.check = &kLife,
           .contract = "COP-4",
           .what = "refused before the free",
           .title = "a call was refused before the op was freed: " + ErrorText(error)});
    return Outcome::kEnded;
  }
  if (code == TGT_CONCURRENT_USE && !stage_.parameters.Flag("thread_safe"))
    return RefusedForNow(error, "COP-6", others, 1);
  if (bad) {
    refused_.FetchAdd(1, kRelaxed);
    errors_.CheckRefusal(error);
    return Outcome::kEnded;
  }
  if (code == TGT_RESOURCE_EXHAUSTED && stage_.parameters.Flag("refuse_when_full") &&
      !stage_.injector.has_failures())
    return RefusedForNow(error, "COP-2", others, in_flight_most_);
  errors_.Add(error);
  return Outcome::kEnded;
}

bool InferenceCallers::Compare(const std::vector<tgt_tensor>& outputs, size_t sample) {
  stage_.board.Examine(kDeterminism);
  right_.FetchAdd(1, kRelaxed);
  const int64_t whose = inputs_.WhoseAnswer(outputs, sample);
  if (whose == static_cast<int64_t>(sample)) return true;
  const std::string who = "thread " + std::to_string(sample / per_thread_);
  Finding finding{.check = &kDeterminism,
                  .contract = "COP-1",
                  .what = whose < 0 ? "wrong output" : "answer of another request",
                  .title = who + (whose < 0 ? " got an answer that belongs to nobody"
                                            : " got the answer of thread " +
                                                  std::to_string(whose / per_thread_))};
  finding.detail = inputs_.FirstDifference(outputs, sample);
  finding.evidence = {{"sample", std::to_string(sample)}, {"answer_of", std::to_string(whose)}};
  stage_.board.Report(std::move(finding));
  return false;
}

}  // namespace tenter
