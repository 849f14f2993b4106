#include "fuzz/model/run/caller.h"

#include <algorithm>
#include <cstring>
#include <list>
#include <utility>

#include "fuzz/model/oracle/oracle.h"
#include "fuzz/model/run/inputs.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"

namespace tenter::fuzz::model {
namespace {

constexpr int kAwaits = -2;  // what a caller does behind its last call
// That an answer takes where its op is freed: longer than a thread that waits for it to get up.
constexpr int64_t kAnswerNs = 200'000;

Output Read(const tgt_tensor& tensor) {
  Output output{.dtype = tensor.dtype,
                .dims = {tensor.dims, tensor.dims + std::clamp(tensor.rank, 0, TGT_RANK_MAX)},
                .numbers = {}};
  const size_t size = tensor.dtype == TGT_INT64 ? sizeof(int64_t) : sizeof(float);
  const char* const bytes = static_cast<const char*>(tensor.data);
  if (tensor.dtype == TGT_BOOL) output.numbers.assign(bytes, bytes + tensor.size_bytes);
  if (tensor.dtype != TGT_INT64 && tensor.dtype != TGT_FLOAT32) return output;
  for (size_t at = 0; at + size <= tensor.size_bytes; at += size) {
    int64_t whole = 0;
    float real = 0;
    std::memcpy(size == sizeof(real) ? static_cast<void*>(&real) : &whole, bytes + at, size);
    output.numbers.push_back(size == sizeof(real) ? real : static_cast<double>(whole));
  }
  return output;
}

bool Same(const Output& a, const Output& b) {
  return a.dtype == b.dtype && a.dims == b.dims &&
         std::equal(a.numbers.begin(), a.numbers.end(), b.numbers.begin(), b.numbers.end(),
                    SameNumber);
}

}  // namespace

// A request that is answered later. The answer is kept until its caller looks for it.
class Later {
 public:
  Later(const Callee& callee, const Call& call, uint64_t seed, size_t place)
      : place(place),
        callee_(callee),
        inputs_(InputsFor(callee.program, call, seed)),
        before_(inputs_.bytes),
        op_(callee.ops[static_cast<size_t>(call.op)]),
        takes_its_time_(Has(callee.program, Verb::kFree)) {}

  // Asks, and cancels at once where the call says so. What is refused is its answer.
  void Ask(const Call& call, Answer* answer) {
    const tgt_target& table = callee_.target.table();
    const tgt_invoke_options options{int64_t{call.within} * 1000, call.priority};
    uint64_t request = 0;
    deadline_ns_ = NowNs() + options.timeout_ns;
    answer->begin = callee_.stamps->FetchAdd(1, kRelaxed);
    answer->code =
        table.invoke_async(callee_.target.self(), op_, &options, inputs_.tensors.data(),
                           inputs_.tensors.size(), Answered, this, &request, &answer->error);
    refused_ = answer->code != TGT_OK;
    answer->request = request;
    answer->before_deadline = NowNs() < deadline_ns_;
    tgt_error ignored = {};
    if (!refused_ && call.withdrawn) table.cancel(callee_.target.self(), op_, request, &ignored);
    answer->end = callee_.stamps->FetchAdd(1, kRelaxed);
  }

  // Blocks until it was answered; the outputs go to `kept`.
  void Await(Answer* answer, std::vector<tgt_tensor>* kept) {
    answer->inputs_changed = inputs_.bytes != before_;
    if (refused_) return;
    MutexLock lock(mutex_);
    while (answered_ == 0) changed_.Wait(mutex_);
    answer->asked = answer->end;
    answer->given = end_;
    answer->end = std::max(answer->end, end_);  // the call may return behind its answer
    answer->before_deadline = end_ns_ < deadline_ns_;
    answer->code = error_.code;
    answer->error = error_;
    answer->inputs_changed = inputs_.bytes != before_;
    for (const tgt_tensor& output : outputs_) answer->outputs.push_back(Read(output));
    *kept = std::move(outputs_);
  }

  // How often by now; once where it was refused.
  int answered() {
    MutexLock lock(mutex_);
    return answered_ + (refused_ ? 1 : 0);
  }

  const size_t place;

 private:
  static void Answered(void* arg, tgt_tensor* outputs, size_t count, const tgt_error* error) {
    auto* const self = static_cast<Later*>(arg);
    const int64_t now_ns = NowNs();
    if (self->takes_its_time_) SleepNs(kAnswerNs);
    MutexLock lock(self->mutex_);
    ++self->answered_;
    self->end_ns_ = now_ns;
    self->end_ = self->callee_.stamps->FetchAdd(1, kRelaxed);
    if (error != nullptr) self->error_ = *error;
    self->outputs_.assign(outputs, outputs + count);
    self->changed_.NotifyAll();
  }

  const Callee& callee_;
  InputTensors inputs_;
  const std::list<std::string> before_;
  const tgt_handle op_;
  const bool takes_its_time_;  // who frees the op has to wait for it
  int64_t deadline_ns_ = 0;
  bool refused_ = false;
  Mutex mutex_;
  CondVar changed_;
  int answered_ GUARDED_BY(mutex_) = 0;
  uint64_t end_ GUARDED_BY(mutex_) = 0;
  int64_t end_ns_ GUARDED_BY(mutex_) = 0;
  tgt_error error_ GUARDED_BY(mutex_) = {};
  std::vector<tgt_tensor> outputs_ GUARDED_BY(mutex_);
};

Caller::Caller(const Callee& callee, int number) : callee_(callee), number_(number) {}
Caller::~Caller() = default;

// A target that has no such requests is called.
bool Caller::IsLater(const Call& call) const {
  return call.later && callee_.target.table().invoke_async != nullptr;
}

size_t Caller::AskLater(const Call& call, uint64_t seed) {
  const size_t place = kept_.size();
  kept_.emplace_back();
  answers_.push_back({.caller = number_,
                      .verb = call.verb,
                      .op = call.op,
                      .size = call.size,
                      .seed = seed,
                      .withdrawn = call.withdrawn,
                      .has_deadline = call.within > 0,
                      .priority = call.priority});
  doing_.Store(static_cast<int>(call.verb), kRelaxed);
  later_.push_back(std::make_unique<Later>(callee_, call, seed, place));
  later_.back()->Ask(call, &answers_[place]);
  doing_.Store(-1, kRelaxed);
  return place;
}

int Caller::AnsweredBy(size_t asked) const {
  const auto later = std::find_if(later_.begin(), later_.end(),
                                  [asked](const auto& one) { return one->place == asked; });
  return (*later)->answered();
}

void Caller::AwaitLater() {
  if (!later_.empty()) doing_.Store(kAwaits, kRelaxed);
  for (const auto& later : later_) later->Await(&answers_[later->place], &kept_[later->place]);
  doing_.Store(-1, kRelaxed);
}

void Caller::Run() {
  for (const Call& call : callee_.program.calls) {
    if (call.caller != number_ || !CanDo(call.verb)) continue;
    const int times = call.verb == Verb::kCall ? call.times : 1;
    for (int i = 0; i < times; ++i) {
      const uint64_t seed = call.seed + static_cast<uint64_t>(i);
      if (IsLater(call)) {
        AskLater(call, seed);
        continue;
      }
      const size_t place = kept_.size();
      kept_.emplace_back();
      answers_.emplace_back();
      answers_[place] = Do(call, seed, seed % 2 == 0 ? nullptr : &kept_[place]);
    }
  }
  AwaitLater();
}

// A target need not have an engine, nor tell what an op holds.
bool Caller::CanDo(Verb verb) const {
  const tgt_target& table = callee_.target.table();
  if (IsStop(verb)) return (table.groups & TGT_ENGINE) != 0;
  return verb != Verb::kLook || table.footprint != nullptr;
}

std::vector<Answer> Caller::Finish() {
  for (const auto& later : later_) answers_[later->place].answered = later->answered();
  for (size_t i = 0; i < answers_.size(); ++i)
    for (size_t k = 0; k < kept_[i].size(); ++k) {
      answers_[i].changed |= !Same(Read(kept_[i][k]), answers_[i].outputs[k]);
      callee_.target.table().tensor_release(callee_.target.self(), &kept_[i][k]);
    }
  return std::move(answers_);
}

std::string Caller::Describe() const {
  const int doing = doing_.Load(kRelaxed);
  if (doing == kAwaits) return "c" + std::to_string(number_) + " waits for what it asked for\n";
  return "c" + std::to_string(number_) +
         (doing < 0 ? " is between its calls" : std::string(" is in ") + VerbName(Verb(doing))) +
         "\n";
}

Answer Caller::Do(const Call& call, uint64_t seed, std::vector<tgt_tensor>* kept) {
  const tgt_target& table = callee_.target.table();
  void* const self = callee_.target.self();
  Answer answer{.caller = number_,
                .verb = call.verb,
                .op = call.op,
                .size = call.size,
                .seed = seed,
                .bad = call.bad};
  const tgt_handle op = callee_.ops[static_cast<size_t>(call.op)];
  doing_.Store(static_cast<int>(call.verb), kRelaxed);
  switch (call.verb) {
    case Verb::kCall:
    case Verb::kBad:
      Invoke(call, seed, kept, &answer);
      break;
    case Verb::kLook:
      answer.begin = callee_.stamps->FetchAdd(1, kRelaxed);
      answer.code = table.footprint(self, op, &answer.footprint, &answer.error);
      break;
    case Verb::kFree:
      answer.begin = callee_.stamps->FetchAdd(1, kRelaxed);
      answer.code = table.free_handle(self, op, &answer.error);
      break;
    case Verb::kStop:
    case Verb::kCancel:
      answer.begin = callee_.stamps->FetchAdd(1, kRelaxed);
      answer.code = table.engine_stop(self, callee_.engine, call.verb == Verb::kCancel ? 1 : 0,
                                      &answer.error);
  }
  if (answer.end == 0) answer.end = callee_.stamps->FetchAdd(1, kRelaxed);
  doing_.Store(-1, kRelaxed);
  return answer;
}

void Caller::Invoke(const Call& call, uint64_t seed, std::vector<tgt_tensor>* kept,
                    Answer* answer) {
  const tgt_target& table = callee_.target.table();
  InputTensors inputs = InputsFor(callee_.program, call, seed);
  const std::list<std::string> before = inputs.bytes;
  std::vector<tgt_tensor> outputs(callee_.program.graph.outputs.size());
  answer->begin = callee_.stamps->FetchAdd(1, kRelaxed);
  answer->code = table.invoke(callee_.target.self(), callee_.ops[static_cast<size_t>(call.op)],
                              inputs.tensors.data(), inputs.tensors.size(), outputs.data(),
                              outputs.size(), &answer->error);
  answer->end = callee_.stamps->FetchAdd(1, kRelaxed);
  answer->inputs_changed = inputs.bytes != before;
  if (answer->code != TGT_OK) return;
  for (const tgt_tensor& output : outputs) answer->outputs.push_back(Read(output));
  if (kept != nullptr) {
    *kept = std::move(outputs);
    return;
  }
  for (tgt_tensor& output : outputs) table.tensor_release(callee_.target.self(), &output);
}

}  // namespace tenter::fuzz::model
