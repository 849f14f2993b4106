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
};

// One call of every kind of kernel that oneDNN has here.
std::vector<FirstCall> Calls() {
  Rng rng(11);
  const Tensor image = RandomFloats({1, 8, 6, 6}, rng), filter = RandomFloats({8, 8, 3, 3}, rng);
  const Tensor a = RandomFloats({4, 8}, rng), b = RandomFloats({8, 4}, rng);
  std::vector<FirstCall> calls = {{"Conv", {image, filter}, {}},
                                  {"MatMul", {a, b}, {}},
                                  {"Gemm", {a, b}, {}},
                                  {"Tanh", {a}, {}},
                                  {"Add", {a, a}, {}},
                                  {"Softmax", {a}, {}},
                                  {"GlobalAveragePool", {image}, {}}};
  for (FirstCall& call : calls) {
    call.expected = RunOp(call.op, {}, call.inputs).value().outputs[0];
  }
  return calls;
}

// True when oneDNN serves `call` and its answer is right.
bool IsRight(const FirstCall& call) {
  const OpRun run = RunOp(call.op, {}, call.inputs, 11, 1, KernelChoice::kOneDnn).value();
  const std::vector<float> found = Elements<float>(run.outputs[0]),
                           expected = Elements<float>(call.expected);
  for (size_t i = 0; i < expected.size(); ++i)
    if (!(std::fabs(found[i] - expected[i]) <= 1e-4f)) return false;
  return found.size() == expected.size() && run.implementation != "reference";
}

int Run() {
  const std::vector<FirstCall> calls = Calls();
  std::array<int, 8> wrong = {};
  Gate gate;
  {
    std::array<Thread, 8> threads;
    for (size_t t = 0; t < threads.size(); ++t) {
      const Status started = threads[t].Start("first", [&, t] {
        gate.Wait();
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
