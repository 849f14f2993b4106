#include "runtime/ops/onednn/first_use.h"

#include <new>

#include "runtime/device/memory.h"
#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/onednn/onednn.h"

namespace tenter {
namespace {

// With the channels last it is of another family of kernels, which has a static lock of its own.
Status RunConvolution(Layout layout) {
  const Attributes attributes;
  const bool last = layout == Layout::kChannelsLast;
  const TensorSpec image{DType::kFloat32, last ? Shape{1, 4, 4, 16} : Shape{1, 16, 4, 4}};
  TENTER_ASSIGN_OR_RETURN(const Tensor in, Tensor::Allocate(image));
  TENTER_ASSIGN_OR_RETURN(const Tensor filter, Tensor::Allocate({DType::kFloat32, {16, 16, 1, 1}}));
  TENTER_ASSIGN_OR_RETURN(Tensor made, Tensor::Allocate(image));
  OpCall call{"first_use",        "Conv",      attributes, kOpsetMin, {image, filter.spec()},
              {nullptr, &filter}, {true, true}};
  call.layout = layout;
  TENTER_ASSIGN_OR_RETURN(const auto kernel, MakeOneDnnConvolution(call));
  TENTER_ASSIGN_OR_RETURN(const auto scratch, HostBlock::Allocate(kernel->scratch_bytes()));
  const Tensor inputs[] = {in, filter};
  kernel->Run(inputs, {&made, 1}, {.scratch = scratch->data()});
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
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast})
      TENTER_RETURN_IF_ERROR(RunConvolution(layout));
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
