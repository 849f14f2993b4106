#include "fuzz/model/run/caller.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <list>
#include <utility>

#include "fuzz/model/oracle/oracle.h"

namespace tenter::fuzz::model {
namespace {

constexpr double kMostInt = 1 << 24;

// Inputs in the memory of the caller.
struct InputTensors {
  std::list<std::string> bytes;
  std::vector<tgt_tensor> tensors;

  void Add(const Array& array) {
    std::string& mine = bytes.emplace_back();
    for (const double number : array.numbers) {
      // A wrong type may make integers of numbers that none can hold.
      const bool is_whole = array.integers && std::abs(number) <= kMostInt;
      const auto whole = static_cast<int64_t>(is_whole ? number : 0);
      const auto real = static_cast<float>(number);
      if (array.integers)
        mine.append(reinterpret_cast<const char*>(&whole), sizeof(whole));
      else
        mine.append(reinterpret_cast<const char*>(&real), sizeof(real));
    }
    tgt_tensor tensor = {};
    tensor.dtype = array.integers ? TGT_INT64 : TGT_FLOAT32;
    tensor.rank = array.rank();
    std::copy(array.dims.begin(), array.dims.end(), tensor.dims);
    tensor.data = mine.data();
    tensor.size_bytes = mine.size();
    tensors.push_back(tensor);
  }
};

// Spoils the inputs of a right request, so that it must be refused.
void Spoil(Bad bad, const Graph& graph, Arrays* inputs) {
  if (inputs->empty() || bad == Bad::kCount) {
    inputs->push_back({.dims = {1}, .numbers = {0}});
    return;
  }
  Array& first = inputs->front();
  const Dims& declared = graph.inputs.front().dims;
  size_t fixed = 0;
  while (fixed < declared.size() && IsOpen(declared[fixed])) ++fixed;
  if (bad == Bad::kType) {
    first.integers = !first.integers;
  } else if (bad == Bad::kSize && fixed < declared.size()) {
    first.dims[fixed] += 1;
    first.numbers.resize(static_cast<size_t>(CountOf(first.dims)));
  } else {
    first.dims.push_back(1);
  }
}

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

void Caller::Run() {
  for (const Call& call : callee_.program.calls) {
    if (call.caller != number_ || !CanDo(call.verb)) continue;
    const int times = call.verb == Verb::kCall ? call.times : 1;
    for (int i = 0; i < times; ++i) {
      const uint64_t seed = call.seed + static_cast<uint64_t>(i);
      std::vector<tgt_tensor>& kept = kept_.emplace_back();
      answers_.push_back(Do(call, seed, seed % 2 == 0 ? nullptr : &kept));
    }
  }
}

// A target need not have an engine, nor tell what an op holds.
bool Caller::CanDo(Verb verb) const {
  const tgt_target& table = callee_.target.table();
  if (IsStop(verb)) return (table.groups & TGT_ENGINE) != 0;
  return verb != Verb::kLook || table.footprint != nullptr;
}

std::vector<Answer> Caller::Finish() {
  for (size_t i = 0; i < answers_.size(); ++i)
    for (size_t k = 0; k < kept_[i].size(); ++k) {
      answers_[i].changed |= !Same(Read(kept_[i][k]), answers_[i].outputs[k]);
      callee_.target.table().tensor_release(callee_.target.self(), &kept_[i][k]);
    }
  return std::move(answers_);
}

std::string Caller::Describe() const {
  const int doing = doing_.Load(kRelaxed);
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
  const Graph& graph = callee_.program.graph;
  Arrays arrays = InputsOf(graph, call.size, seed);
  if (call.verb == Verb::kBad) Spoil(call.bad, graph, &arrays);
  InputTensors inputs;
  for (const Array& array : arrays) inputs.Add(array);
  const std::list<std::string> before = inputs.bytes;
  std::vector<tgt_tensor> outputs(graph.outputs.size());
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
