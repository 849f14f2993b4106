// The first kernels of a process, made and run by eight threads at once that nobody put in order:
// each gets the answer of the reference kernel, and the sanitizer nothing to report. One process
// shows one first use, so ctest starts this program many times.
#include <array>
#include <cmath>
#include <cstdio>

#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/ops/testing.h"

namespace tenter {
namespace {

struct FirstCall {
  std::string_view op;
  std::vector<Tensor> inputs;
  Tensor expected;
  Layout layout = Layout::kChannelsFirst;
};

OpRun RunCall(const FirstCall& first, KernelChoice kernels) {
  const Attributes attributes;
  OpCall call = CallWith(first.op, attributes, first.inputs, 11, 1);
  const bool turned = first.layout == Layout::kChannelsLast;
  if (turned) call.inputs[0].shape = ToChannelsFirst(call.inputs[0].shape);
  std::vector<TensorSpec> specs = InferOp(call).value();
  call.layout = first.layout;
  call.inputs[0] = first.inputs[0].spec();
  if (turned) specs[0].shape = ToChannelsLast(specs[0].shape);
  const auto kernel = MakeKernel(call, specs, kernels).value();
  OpRun run{{Tensor::Allocate(specs[0]).value()}, std::string(kernel->implementation())};
  const auto scratch = HostBlock::Allocate(kernel->scratch_bytes()).value();
  kernel->Run(first.inputs, run.outputs, {.scratch = scratch->data()});
  return run;
}

// One call of every kind of kernel that oneDNN has here.
std::vector<FirstCall> Calls() {
  Rng rng(11);
  const Tensor image = RandomFloats({1, 8, 6, 6}, rng), filter = RandomFloats({8, 8, 3, 3}, rng);
  const Tensor turned = RandomFloats({1, 6, 6, 16}, rng);
  const Tensor square = RandomFloats({16, 16, 3, 3}, rng), dot = RandomFloats({16, 16, 1, 1}, rng);
  const Tensor large = RandomFloats({1, 18, 18, 80}, rng);  // enough for Winograd
  const Tensor many = RandomFloats({80, 80, 3, 3}, rng, -0.1f, 0.1f);
  const Tensor a = RandomFloats({4, 8}, rng), b = RandomFloats({8, 4}, rng);
  std::vector<FirstCall> calls = {{"Conv", {image, filter}, {}},
                                  {"Conv", {turned, square}, {}, Layout::kChannelsLast},
                                  {"Conv", {turned, dot}, {}, Layout::kChannelsLast},
                                  {"Conv", {large, many}, {}, Layout::kChannelsLast},
                                  {"MatMul", {a, b}, {}},
                                  {"Gemm", {a, b}, {}},
                                  {"Tanh", {a}, {}},
                                  {"Add", {a, a}, {}},
                                  {"Softmax", {a}, {}},
                                  {"GlobalAveragePool", {image}, {}}};
  for (FirstCall& call : calls) call.expected = RunCall(call, KernelChoice::kReference).outputs[0];
  return calls;
}

// Convolutions of one kind, but each of another size, so that the library makes each.
std::vector<FirstCall> ConvolutionsOfMany(int64_t count) {
  Rng rng(12);
  std::vector<FirstCall> calls;
  for (int64_t channels = 16; channels < 16 + count; ++channels) {
    FirstCall& call = calls.emplace_back(FirstCall{"Conv", {}, {}, Layout::kChannelsLast});
    call.inputs = {RandomFloats({1, 6, 6, channels}, rng), RandomFloats({16, channels, 1, 1}, rng)};
    call.expected = RunCall(call, KernelChoice::kReference).outputs[0];
  }
  return calls;
}

// True when oneDNN serves `call` and its answer is right.
bool IsRight(const FirstCall& call) {
  const OpRun run = RunCall(call, KernelChoice::kOneDnn);
  const std::vector<float> found = Elements<float>(run.outputs[0]),
                           expected = Elements<float>(call.expected);
  for (size_t i = 0; i < expected.size(); ++i)
    if (!(std::fabs(found[i] - expected[i]) <= 1e-4f)) return false;
  return found.size() == expected.size() && run.implementation != "reference";
}

int Run() {
  const std::vector<FirstCall> calls = Calls();
  const std::vector<FirstCall> own = ConvolutionsOfMany(8);
  std::array<int, 8> wrong = {};
  Gate gate;
  {
    std::array<Thread, 8> threads;
    for (size_t t = 0; t < threads.size(); ++t) {
      const Status started = threads[t].Start("first", [&, t] {
        gate.Wait();
        wrong[t] += !IsRight(own[t]);
        for (size_t i = 0; i < calls.size(); ++i)
          wrong[t] += !IsRight(calls[(t + i) % calls.size()]);
      });
      TENTER_CHECK(started.ok(), started.ToString());
    }
    gate.Open();
  }
  int all_wrong = 0;
  for (const int count : wrong) all_wrong += count;
  std::printf("%zu threads, %zu kinds of kernels, %d wrong\n", wrong.size(), calls.size(),
              all_wrong);
  return all_wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tenter

int main() { return tenter::Run(); }
