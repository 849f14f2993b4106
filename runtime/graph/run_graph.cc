#include "runtime/graph/run_graph.h"

#include <string>

#include "runtime/base/thrown.h"
#include "runtime/graph/parameters.h"
#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

// Runs one kernel with scratch memory of its own; an exception becomes a Status that names the
// node and the shapes.
Status RunKernel(const Kernel& kernel, const OpCall& call, std::span<const Tensor> inputs,
                 std::span<Tensor> outputs) {
  TENTER_ASSIGN_OR_RETURN(const auto scratch, HostBlock::Allocate(kernel.scratch_bytes()));
  try {
    kernel.Run(inputs, outputs, {.scratch = scratch->data()});
  } catch (...) {
    const Status status = Thrown::Current().ToStatus();
    return {status.code(), PlaceOf(call) + status.message()};
  }
  return {};
}

Result<std::vector<Tensor>> AllocateAll(const std::vector<TensorSpec>& specs) {
  std::vector<Tensor> tensors;
  for (const TensorSpec& spec : specs) {
    TENTER_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(spec));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Status CheckFoldSize(const Node& node, const std::vector<TensorSpec>& specs) {
  for (const TensorSpec& spec : specs)
    if (spec.size_bytes() > kFoldBytesMax)
      return {StatusCode::kResourceExhausted,
              node.op_type + " (node '" + node.name + "') makes a constant " + spec.ToString()};
  return {};
}

}  // namespace

Result<std::vector<Tensor>> ComputeNode(const Graph& graph, const Node& node) {
  const OpCall call = CallOf(graph, node);
  TENTER_ASSIGN_OR_RETURN(const std::vector<TensorSpec> specs, InferOp(call));
  TENTER_RETURN_IF_ERROR(CheckFoldSize(node, specs));
  TENTER_ASSIGN_OR_RETURN(const auto kernel, MakeKernel(call, specs, KernelChoice::kReference));
  TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, AllocateAll(specs));
  std::vector<Tensor> inputs;
  for (const Tensor* constant : call.constants)
    inputs.push_back(constant == nullptr ? Tensor() : *constant);
  ParameterPins pins;
  TENTER_RETURN_IF_ERROR(PinWhatIsRead(graph, node, *kernel, &pins));
  TENTER_RETURN_IF_ERROR(RunKernel(*kernel, call, inputs, outputs));
  return outputs;
}

Result<std::vector<std::unique_ptr<Kernel>>> MakeKernels(const Graph& specialised,
                                                         KernelChoice choice) {
  std::vector<std::unique_ptr<Kernel>> kernels;
  for (const Node& node : specialised.nodes) {
    TENTER_ASSIGN_OR_RETURN(auto kernel, MakeKernel(CallOf(specialised, node),
                                                    OutputSpecsOf(specialised, node), choice));
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

Result<std::vector<Tensor>> RunKernels(const Graph& specialised,
                                       std::span<const std::unique_ptr<Kernel>> kernels,
                                       std::span<const Tensor> inputs) {
  TENTER_CHECK(kernels.size() == specialised.nodes.size(), "kernels of another graph");
  std::vector<TensorSpec> specs;
  for (const Tensor& input : inputs) specs.push_back(input.spec());
  TENTER_RETURN_IF_ERROR(CheckSignature(specialised, specs));
  std::vector<Tensor> values(specialised.values.size());
  for (size_t i = 0; i < values.size(); ++i)
    if (specialised.values[i].constant) values[i] = *specialised.values[i].constant;
  for (size_t i = 0; i < inputs.size(); ++i)
    values[static_cast<size_t>(specialised.inputs[i])] = inputs[i];
  for (size_t i = 0; i < kernels.size(); ++i) {
    const Node& node = specialised.nodes[i];
    std::vector<Tensor> node_inputs;
    for (const int value : node.inputs)
      node_inputs.push_back(value < 0 ? Tensor() : values[static_cast<size_t>(value)]);
    ParameterPins pins;
    TENTER_RETURN_IF_ERROR(PinWhatIsRead(specialised, node, *kernels[i], &pins));
    TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> node_outputs,
                            AllocateAll(OutputSpecsOf(specialised, node)));
    TENTER_RETURN_IF_ERROR(
        RunKernel(*kernels[i], CallOf(specialised, node), node_inputs, node_outputs));
    for (size_t k = 0; k < node_outputs.size(); ++k)
      values[static_cast<size_t>(node.outputs[k])] = std::move(node_outputs[k]);
  }
  std::vector<Tensor> outputs;
  for (const int output : specialised.outputs)
    outputs.push_back(values[static_cast<size_t>(output)]);
  return outputs;
}

Result<std::vector<Tensor>> RunGraph(const Graph& specialised, std::span<const Tensor> inputs,
                                     KernelChoice choice) {
  TENTER_ASSIGN_OR_RETURN(const auto kernels, MakeKernels(specialised, choice));
  return RunKernels(specialised, kernels, inputs);
}

}  // namespace tenter
