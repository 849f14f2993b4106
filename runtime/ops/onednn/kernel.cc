#include "runtime/ops/onednn/kernel.h"

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/tsan.h"
#include "runtime/ops/onednn/onednn.h"

// Of libgomp, which oneDNN is linked with. Declared here, because its header needs a compiler flag
// that nothing else here uses.
extern "C" void omp_set_num_threads(int count);
extern "C" int omp_get_max_threads();

namespace tenter {

void UseOneThread() { omp_set_num_threads(1); }

OneOmpThread::OneOmpThread() : before_(omp_get_max_threads()) { UseOneThread(); }

OneOmpThread::~OneOmpThread() { omp_set_num_threads(before_); }

OneDnnKernel::OneDnnKernel(dnnl::engine engine, const dnnl::primitive_desc_base& description,
                           dnnl::primitive primitive, std::vector<OneDnnBinding> bindings,
                           std::vector<OneDnnConstant> constants)
    : engine_(std::move(engine)),
      primitive_(std::move(primitive)),
      scratch_(description.scratchpad_desc()),
      implementation_(description.impl_info_str()),
      bindings_(std::move(bindings)),
      constants_(std::move(constants)) {}

// The memory objects of one execution: those of the bindings, whose memory each run names, then the
// constants, then the scratch memory.
struct OneDnnKernel::State final : KernelState {
  explicit State(const OneDnnKernel& kernel) : engine(kernel.engine_), stream(engine) {
    for (const OneDnnBinding& binding : kernel.bindings_)
      Add(binding.argument, dnnl::memory(binding.desc, kernel.engine_, DNNL_MEMORY_NONE));
    for (const OneDnnConstant& constant : kernel.constants_)
      Add(constant.argument, dnnl::memory(constant.desc, kernel.engine_,
                                          const_cast<std::byte*>(constant.pages->data())));
    if (kernel.scratch_bytes() > 0)
      Add(DNNL_ARG_SCRATCHPAD, dnnl::memory(kernel.scratch_, kernel.engine_, DNNL_MEMORY_NONE));
  }

  void Add(int argument, dnnl::memory memory) {
    arguments.push_back({argument, memory.get()});
    memories.push_back(std::move(memory));
  }

  dnnl::engine engine;
  dnnl::stream stream;
  std::vector<dnnl::memory> memories;
  std::vector<dnnl_exec_arg_t> arguments;  // refer to `memories`
};

std::unique_ptr<KernelState> OneDnnKernel::MakeState() const {
  try {
    return std::make_unique<State>(*this);
  } catch (const dnnl::error& error) {
    throw StatusError(StatusOf(error));
  }
}

bool OneDnnKernel::Reads(size_t input) const {
  return std::any_of(bindings_.begin(), bindings_.end(), [&](const OneDnnBinding& binding) {
    return !binding.is_output && binding.index == input;
  });
}

void OneDnnKernel::Run(Inputs inputs, Outputs outputs, const RunContext& context) const {
  const std::unique_ptr<KernelState> own = context.state == nullptr ? MakeState() : nullptr;
  auto* const state = static_cast<State*>(own == nullptr ? context.state : own.get());
  try {
    Execute(inputs, outputs, context.scratch, state);
  } catch (const dnnl::error& error) {
    throw StatusError(StatusOf(error));
  }
}

// ThreadSanitizer does not see what generated code reads and writes, so it is told here.
void OneDnnKernel::Execute(Inputs inputs, Outputs outputs, std::byte* scratch, State* state) const {
  for (size_t i = 0; i < bindings_.size(); ++i) {
    const OneDnnBinding& binding = bindings_[i];
    void* const data = binding.is_output ? outputs[binding.index].mutable_raw()
                                         : const_cast<void*>(inputs[binding.index].raw());
    TENTER_CHECK(data != nullptr, "a oneDNN kernel without memory");
    if (binding.is_output) {
      TsanWriteRange(data, outputs[binding.index].size_bytes());
    } else {
      TsanReadRange(data, inputs[binding.index].size_bytes());
    }
    state->memories[i].set_data_handle(data);
  }
  for (const OneDnnConstant& constant : constants_)
    TsanReadRange(constant.pages->data(), constant.desc.get_size());
  if (scratch_bytes() > 0) {
    TENTER_CHECK(scratch != nullptr, "a oneDNN kernel without scratch memory");
    TsanWriteRange(scratch, scratch_bytes());
    state->memories.back().set_data_handle(scratch);
  }
  UseOneThread();
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive_.get(), state->stream.get(),
                             static_cast<int>(state->arguments.size()), state->arguments.data()),
      "could not execute a primitive");
  state->stream.wait();
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

MadeKernel MakeFast(MakeFunction make, const OpCall& call) {
  try {
    return make(call);
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_invalid_arguments) return Unsupported("oneDNN refuses its tensors");
    return StatusOf(error);
  }
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
