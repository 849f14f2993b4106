#include "harness/workloads/soak/soak_requests.h"

#include <memory>
#include <string>
#include <utility>

namespace tenter {
namespace {

InferenceErrors::Ops OpsOf(Stage& stage) {
  return stage.parameters.Text("way") == "dataflow" ? InferenceErrors::Ops::kSeveralAtOnce
                                                    : InferenceErrors::Ops::kSeveral;
}

}  // namespace

SoakRequests::SoakRequests(Stage& stage, SoakModels* models, SoakClock* clock)
    : stage_(stage), table_(stage.target.table()), models_(*models), clock_(*clock) {
  errors_.emplace(&stage.board, /*expects_faults=*/false, OpsOf(stage));
}

std::vector<tgt_tensor> SoakRequests::InputsOf(const SoakModels::Lent& lent, const SoakCall& call) {
  return call.misshaped ? lent.inputs->Misshaped(call.sample)
                        : lent.inputs->sample(call.sample).inputs;
}

void SoakRequests::Call(const SoakModels::Lent& lent, const SoakCall& call) {
  const std::vector<tgt_tensor> inputs = InputsOf(lent, call);
  std::vector<tgt_tensor> outputs(lent.inputs->output_count());
  tgt_error error = {};
  const int64_t begin_ns = NowNs();
  const InFlightGauge::Visit visit = in_flight_.Enter();
  stage_.injector.CallBegins();
  error.code = table_.invoke(stage_.target.self(), lent.op, inputs.data(), inputs.size(),
                             outputs.data(), outputs.size(), &error);
  stage_.injector.CallEnds();
  in_flight_.Leave(visit);
  if (error.code != TGT_OK) outputs.clear();
  Judge(lent, call, begin_ns, outputs, error);
  for (tgt_tensor& output : outputs) table_.tensor_release(stage_.target.self(), &output);
}

std::optional<uint64_t> SoakRequests::Ask(const SoakModels::Lent& lent, const SoakCall& call) {
  {
    UnseenLock lock(mutex_);
    ++later_;
  }
  auto asked = std::make_unique<Asked>(
      Asked{this, lent, call, InputsOf(lent, call), in_flight_.Enter(), NowNs()});
  const tgt_invoke_options options{.timeout_ns = call.timeout_ns, .priority = call.priority};
  uint64_t request = 0;
  tgt_error error = {};
  stage_.injector.CallBegins();
  const tgt_code code =
      table_.invoke_async(stage_.target.self(), lent.op, &options, asked->inputs.data(),
                          asked->inputs.size(), Answered, asked.get(), &request, &error);
  if (code == TGT_OK) {
    static_cast<void>(asked.release());
    return request;
  }
  error.code = code;
  Answered(asked.release(), nullptr, 0, &error);
  return std::nullopt;
}

void SoakRequests::Cancel(const SoakModels::Lent& lent, uint64_t request) {
  tgt_error ignored = {};  // it may have ended, and its op may be gone
  table_.cancel(stage_.target.self(), lent.op, request, &ignored);
}

void SoakRequests::Answered(void* arg, tgt_tensor* outputs, size_t count, const tgt_error* error) {
  const std::unique_ptr<Asked> asked(static_cast<Asked*>(arg));
  SoakRequests& self = *asked->owner;
  self.stage_.injector.CallEnds();
  self.in_flight_.Leave(asked->visit);
  std::vector<tgt_tensor> answer(outputs, outputs + count);
  self.Judge(asked->lent, asked->call, asked->begin_ns, answer,
             error == nullptr ? tgt_error{} : *error);
  for (tgt_tensor& output : answer) self.table_.tensor_release(self.stage_.target.self(), &output);
  self.OneLess();
}

void SoakRequests::OneLess() {
  UnseenLock lock(mutex_);
  --later_;
  changed_.NotifyAll(mutex_);
}

int64_t SoakRequests::later() const {
  UnseenLock lock(mutex_);
  return later_;
}

void SoakRequests::AwaitAll() {
  UnseenLock lock(mutex_);
  while (later_ > 0) changed_.Wait(mutex_);
}

void SoakRequests::Judge(const SoakModels::Lent& lent, const SoakCall& call, int64_t begin_ns,
                         const std::vector<tgt_tensor>& outputs, const tgt_error& error) {
  if (error.code != TGT_OK)
    JudgeError(lent, call, begin_ns, error);
  else if (call.misshaped)
    errors_->MissingRefusal(InputsOf(lent, call)[0].rank);
  else
    Compare(lent, call, outputs);
  clock_.CallEnded();
}

void SoakRequests::JudgeError(const SoakModels::Lent& lent, const SoakCall& call, int64_t begin_ns,
                              const tgt_error& error) {
  if (error.code == TGT_CLOSED || error.code == TGT_STALE_HANDLE) {
    stage_.board.Examine(kLife);
    closed_.FetchAdd(1, kRelaxed);
    if (models_.MayBeFreed(lent)) return;
    return stage_.board.Report(
        {.check = &kLife,
         .contract = "COP-4",
         .what = "refused before the free",
         .title = "a call was refused before its op was freed: " + ErrorText(error)});
  }
  if (call.withdrawn && error.code == TGT_STOPPED) {
    withdrawn_.FetchAdd(1, kRelaxed);
    return errors_->AddWithdrawn(error);
  }
  if (call.timeout_ns > 0 && error.code == TGT_DEADLINE_EXCEEDED) {
    late_.FetchAdd(1, kRelaxed);
    stage_.board.Examine(kErrorExactness);
    if (NowNs() - begin_ns < call.timeout_ns)
      stage_.board.Report({.check = &kErrorExactness,
                           .contract = "COP-7",
                           .what = "a deadline that had not passed",
                           .title = "a request was told that its deadline has passed before it had",
                           .detail = ErrorText(error)});
    return errors_->AddWithdrawn(error);
  }
  if (!call.misshaped) return errors_->Add(error);
  refused_.FetchAdd(1, kRelaxed);
  errors_->CheckRefusal(error);
}

void SoakRequests::Compare(const SoakModels::Lent& lent, const SoakCall& call,
                           const std::vector<tgt_tensor>& outputs) {
  const size_t sample = call.sample;
  stage_.board.Examine(kDeterminism);
  if (!call.settles) answers_.FetchAdd(1, kRelaxed);
  const int64_t whose = lent.inputs->WhoseAnswer(outputs, sample);
  if (whose == static_cast<int64_t>(sample)) return;
  stage_.board.Report(
      {.check = &kDeterminism,
       .contract = "COP-1",
       .what = whose < 0 ? "wrong output" : "answer of another request",
       .title = "a request with input " + std::to_string(sample) +
                " got an answer that belongs to " +
                (whose < 0 ? "nobody" : "input " + std::to_string(whose)),
       .detail = lent.inputs->FirstDifference(outputs, sample),
       .evidence = {{"model", std::to_string(lent.stall)}, {"life", std::to_string(lent.life)}}});
}

void SoakRequests::Match() {
  const std::vector<FiredFault> fired = stage_.injector.TakeFired();
  failed_ += errors_->count();
  for (const tgt_error& error : models_.TakeFailures()) errors_->Add(error);
  errors_->Match(fired);
  for (const FiredFault& fault : fired) faults_fired_ = faults_fired_ || fault.fails();
  errors_.emplace(&stage_.board, /*expects_faults=*/false, OpsOf(stage_));
}

}  // namespace tenter
