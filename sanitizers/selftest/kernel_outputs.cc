// Two threads run one oneDNN kernel. Its stores are made by generated code, which ThreadSanitizer
// cannot see: only the ranges that the kernel declares show a race.
//
// Argument `same`: both write one output, without order; must be reported.
// Argument `own`: an output for each; must not be reported.
#include <cstdio>
#include <memory>
#include <string_view>

#include "runtime/base/atomic.h"
#include "runtime/base/thread.h"
#include "runtime/ops/op.h"

namespace {

using tenter::Tensor;
using tenter::TensorSpec;

tenter::Status Run(bool same) {
  TENTER_RETURN_IF_ERROR(tenter::WarmUpOneDnn());
  const tenter::Attributes attributes;
  const TensorSpec spec{tenter::DType::kFloat32, {1, 16, 8, 8}};
  const tenter::OpCall call{"tanh", "Tanh",    attributes, tenter::kOpsetMin,
                            {spec}, {nullptr}, {true}};
  TENTER_ASSIGN_OR_RETURN(const auto specs, tenter::InferOp(call));
  TENTER_ASSIGN_OR_RETURN(const auto kernel,
                          tenter::MakeKernel(call, specs, tenter::KernelChoice::kOneDnn));
  if (kernel->implementation() == "reference")
    return {tenter::StatusCode::kInternal, "oneDNN has no kernel for Tanh"};
  TENTER_ASSIGN_OR_RETURN(const Tensor input, Tensor::Allocate(spec));
  TENTER_ASSIGN_OR_RETURN(Tensor first, Tensor::Allocate(spec));
  TENTER_ASSIGN_OR_RETURN(Tensor second, Tensor::Allocate(spec));
  Tensor outputs[2] = {Tensor::Borrow(spec, first.mutable_raw()),
                       Tensor::Borrow(spec, (same ? first : second).mutable_raw())};
  // The library has locks, which order whoever makes or destroys its objects: both threads have
  // theirs, and are there, before either runs. Relaxed, since that must order nothing.
  const std::unique_ptr<tenter::KernelState> states[2] = {kernel->MakeState(), kernel->MakeState()};
  tenter::Atomic<int> there = 0;
  tenter::Thread threads[2];
  for (int i = 0; i < 2; ++i)
    TENTER_RETURN_IF_ERROR(threads[i].Start("kernel", [&, i] {
      there.FetchAdd(1, tenter::kRelaxed);
      while (there.Load(tenter::kRelaxed) < 2) tenter::YieldThread();
      kernel->Run({&input, 1}, {&outputs[i], 1}, {.state = states[i].get()});
    }));
  for (tenter::Thread& thread : threads) thread.Join();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const tenter::Status status = Run(argc > 1 && std::string_view(argv[1]) == "same");
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
  return status.ok() ? 0 : 1;
}
