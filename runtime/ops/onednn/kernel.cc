#include "runtime/ops/onednn/kernel.h"

#include <numeric>
#include <unordered_map>

#include "runtime/base/check.h"
#include "runtime/base/tsan.h"
#include "runtime/ops/onednn/onednn.h"

// Of libgomp, which oneDNN is linked with. Declared here, because its header needs a compiler flag
// that nothing else here uses.
extern "C" void omp_set_num_threads(int count);

namespace tenter {

void UseOneThread() { omp_set_num_threads(1); }

OneDnnKernel::OneDnnKernel(dnnl::engine engine, const dnnl::primitive_desc_base& description,
                           dnnl::primitive primitive, std::vector<OneDnnBinding> bindings,
                           std::vector<OneDnnConstant> constants)
    : engine_(std::move(engine)),
      primitive_(std::move(primitive)),
      scratch_(description.scratchpad_desc()),
      implementation_(description.impl_info_str()),
      bindings_(std::move(bindings)),
      constants_(std::move(constants)) {}

void OneDnnKernel::Run(Inputs inputs, Outputs outputs, std::byte* scratch) const {
  try {
    Execute(inputs, outputs, scratch);
  } catch (const dnnl::error& error) {
    throw StatusError(StatusOf(error));
  }
}

void OneDnnKernel::Execute(Inputs inputs, Outputs outputs, std::byte* scratch) const {
  std::unordered_map<int, dnnl::memory> arguments;
  for (const OneDnnBinding& binding : bindings_) {
    void* data = binding.is_output ? outputs[binding.index].mutable_raw()
                                   : const_cast<void*>(inputs[binding.index].raw());
    TENTER_CHECK(data != nullptr, "a oneDNN kernel without memory");
    // ThreadSanitizer does not see what generated code reads and writes, so it is told here.
    if (binding.is_output) {
      TsanWriteRange(data, outputs[binding.index].size_bytes());
    } else {
      TsanReadRange(data, inputs[binding.index].size_bytes());
    }
    arguments.emplace(binding.argument, dnnl::memory(binding.desc, engine_, data));
  }
  for (const OneDnnConstant& constant : constants_) {
    void* const data = const_cast<std::byte*>(constant.pages->data());
    TsanReadRange(data, constant.desc.get_size());
    arguments.emplace(constant.argument, dnnl::memory(constant.desc, engine_, data));
  }
  if (scratch_bytes() > 0) {
    TENTER_CHECK(scratch != nullptr, "a oneDNN kernel without scratch memory");
    TsanWriteRange(scratch, scratch_bytes());
    arguments.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(scratch_, engine_, scratch));
  }
  UseOneThread();
  dnnl::stream stream(engine_);
  primitive_.execute(stream, arguments);
  stream.wait();
}

dnnl::memory::desc StridedDesc(const dnnl::memory::dims& dims, const dnnl::memory::dims& strides) {
  return {dims, dnnl::memory::data_type::f32, strides};
}

dnnl::memory::desc DenseDesc(const dnnl::memory::dims& dims) {
  return StridedDesc(dims, Shape(dims).Strides());
}

bool IsReferenceCode(std::string_view implementation) { return implementation.starts_with("ref"); }

Status StatusOf(const dnnl::error& error) {
  const bool no_memory = error.status == dnnl_out_of_memory;
  return {no_memory ? StatusCode::kResourceExhausted : StatusCode::kInternal,
          std::string("oneDNN: ") + error.what()};
}

Status CheckForOneDnn(const OpCall& call) {
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    if (!call.has_input(i)) continue;
    TENTER_RETURN_IF_ERROR(RequireType(call, i, DType::kFloat32));
    if (call.inputs[i].shape.NumElements() == 0) return Unsupported("an empty tensor");
    if (call.inputs[i].shape.rank() > DNNL_MAX_NDIMS) return Unsupported("too many axes");
  }
  return {};
}

}  // namespace tenter
