#include "runtime/ops/onednn/first_use.h"

#include <new>

#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/onednn/onednn.h"

namespace tenter {
namespace {

Status RunOneKernel() {
  const Attributes attributes;
  const TensorSpec image{DType::kFloat32, {1, 1, 4, 4}};
  const TensorSpec weights{DType::kFloat32, {1, 1, 1, 1}};
  const OpCall call{"first_use",        "Conv",      attributes, kOpsetMin, {image, weights},
                    {nullptr, nullptr}, {true, true}};
  TENTER_ASSIGN_OR_RETURN(const auto kernel, MakeOneDnnConvolution(call));
  TENTER_ASSIGN_OR_RETURN(const Tensor in, Tensor::Allocate(image));
  TENTER_ASSIGN_OR_RETURN(const Tensor filter, Tensor::Allocate(weights));
  TENTER_ASSIGN_OR_RETURN(Tensor out, Tensor::Allocate(image));
  TENTER_ASSIGN_OR_RETURN(
      Tensor scratch,
      Tensor::Allocate({DType::kUint8, {static_cast<int64_t>(kernel->scratch_bytes())}}));
  const Tensor inputs[] = {in, filter};
  kernel->Run(inputs, {&out, 1}, {.scratch = static_cast<std::byte*>(scratch.mutable_raw())});
  return {};
}

// A reorder to another layout builds tables that a convolution alone does not build.
Status RunOneReorder() {
  const TensorSpec square{DType::kFloat32, {4, 4}};
  TENTER_ASSIGN_OR_RETURN(Tensor in, Tensor::Allocate(square));
  TENTER_ASSIGN_OR_RETURN(Tensor out, Tensor::Allocate(square));
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  dnnl::memory from(DenseDesc({4, 4}), engine, in.mutable_raw());
  dnnl::memory to(StridedDesc({4, 4}, {1, 4}), engine, out.mutable_raw());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  return {};
}

Status UseOneDnn() {
  try {
    UseOneThread();
    TENTER_RETURN_IF_ERROR(RunOneKernel());
    return RunOneReorder();
  } catch (const dnnl::error& error) {
    return StatusOf(error);
  } catch (const StatusError& error) {
    return error.status();
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, "out of memory"};
  }
}

}  // namespace

FirstUse& FirstUse::OfProcess() {
  static FirstUse* const first_use = new FirstUse;
  return *first_use;
}

Status FirstUse::Make() {
  MutexLock lock(mutex_);
  if (over_.Load(kRelaxed)) return {};
  TENTER_RETURN_IF_ERROR(UseOneDnn());
  over_.Store(true, kRelease);
  return {};
}

Status WarmUpOneDnn() { return FirstUse::OfProcess().Await(); }

}  // namespace tenter
