#include "runtime/ops/op.h"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/ops/chain_kernel.h"
#include "runtime/ops/onednn/bounded_kernel.h"
#include "runtime/ops/onednn/depthwise.h"
#include "runtime/ops/onednn/first_use.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/onednn/winograd.h"
#include "runtime/ops/parts/parted_kernel.h"
#include "runtime/ops/tables.h"
#include "runtime/ops/turned_kernel.h"

namespace tenter {
namespace {

std::array<std::span<const OpType>, 7> Tables() {
  return {ElementwiseOps(),   ConvolutionOps(), PoolingOps(), LinearOps(),
          NormalisationOps(), ReshapingOps(),   MovementOps()};
}

bool Allows(const AttributeRule& rule, const std::string& value) {
  if (rule.values.empty()) return true;
  for (std::string_view rest = rule.values; !rest.empty();) {
    const size_t bar = rest.find('|');
    if (rest.substr(0, bar) == value) return true;
    rest = bar == std::string_view::npos ? std::string_view() : rest.substr(bar + 1);
  }
  return false;
}

std::string CountPhrase(const OpType& op, int count, const char* what) {
  return "op " + std::string(op.name) + " with " + std::to_string(count) + " " + what;
}

Status Refusal(const OpCall& call, const std::vector<std::string>& parts) {
  std::string text = "unsupported: ";
  for (size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : ", ") + parts[i];
  return {StatusCode::kUnsupported, PlaceOf(call) + text};
}

// For a call with the channels last of which no such kernel is made.
Result<std::unique_ptr<Kernel>> MakeTurned(const OpCall& call, std::span<const TensorSpec> outputs,
                                           KernelChoice choice) {
  OpCall plain = call;
  plain.layout = Layout::kChannelsFirst;
  plain.inputs[0].shape = call.image();
  const TensorSpec output{outputs[0].dtype, ToChannelsFirst(outputs[0].shape)};
  TENTER_ASSIGN_OR_RETURN(auto kernel, MakeKernel(plain, {&output, 1}, choice));
  return std::unique_ptr<Kernel>(
      std::make_unique<TurnedKernel>(std::move(kernel), plain.inputs[0], output));
}

// Of oneDNN, or of our own; kUnsupported where neither has one.
Result<std::unique_ptr<Kernel>> MakeFastest(const OpCall& call, const OpType& op,
                                            const TensorSpec& output) {
  if (TakesDepthwise(call)) {
    auto kernel = MakeDepthwise(call);
    if (kernel.ok() || kernel.status().code() != StatusCode::kUnsupported) return kernel;
  }
  if (TakesWinograd(call)) {
    auto kernel = MakeBounded(call, output, MakeWinograd, kWinogradGrowth);
    if (kernel.ok() || kernel.status().code() != StatusCode::kUnsupported) return kernel;
  }
  return HasToLook(call) ? MakeBounded(call, output, op.make_fast) : MakeFast(op.make_fast, call);
}

}  // namespace

std::string PlaceOf(const OpCall& call) {
  std::string text = std::string(call.op_type) + " (node '" + std::string(call.node) + "')";
  if (call.shapes.size() > 2)
    return text + " of " + std::string(call.shapes.substr(1, call.shapes.size() - 2)) + ": ";
  for (size_t i = 0; i < call.inputs.size(); ++i)
    text += (i == 0 ? " of " : ", ") +
            (call.has_input(i) ? call.inputs[i].ToString() : std::string("nothing"));
  return text + ": ";
}

const OpType* FindOp(std::string_view op_type) {
  for (const std::span<const OpType> table : Tables())
    for (const OpType& op : table)
      if (op.name == op_type) return &op;
  return nullptr;
}

std::vector<std::string_view> SupportedOps() {
  std::vector<std::string_view> names;
  for (const std::span<const OpType> table : Tables())
    for (const OpType& op : table) names.push_back(op.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> UnsupportedParts(std::string_view op_type, const Attributes& attributes,
                                          int opset, int input_count, int output_count) {
  const OpType* op = FindOp(op_type);
  if (op == nullptr) return {"op " + std::string(op_type)};
  std::vector<std::string> parts;
  if (opset < op->opset_min || opset > op->opset_max)
    parts.push_back("op " + std::string(op_type) + " of opset " + std::to_string(opset));
  if (input_count < op->inputs_min || input_count > op->inputs_max)
    parts.push_back(CountPhrase(*op, input_count, "inputs"));
  if (output_count < 1 || output_count > op->outputs_max)
    parts.push_back(CountPhrase(*op, output_count, "outputs"));
  for (const std::string_view name : attributes.Names()) {
    const std::string value = attributes.Print(name);
    const auto rule = std::find_if(op->attributes.begin(), op->attributes.end(),
                                   [&](const AttributeRule& r) { return r.name == name; });
    if (rule == op->attributes.end() || !Allows(*rule, value))
      parts.push_back("attribute " + std::string(name) + "=" + value + " of " +
                      std::string(op_type));
  }
  return parts;
}

Result<std::vector<TensorSpec>> InferOp(const OpCall& call) {
  const std::vector<std::string> parts =
      UnsupportedParts(call.op_type, call.attributes, call.opset,
                       static_cast<int>(call.inputs.size()), call.output_count);
  if (!parts.empty()) return Refusal(call, parts);
  const OpType& op = *FindOp(call.op_type);
  for (size_t i = 0; i < static_cast<size_t>(op.inputs_min); ++i)
    if (!call.has_input(i))
      return Status(StatusCode::kInvalidArgument,
                    PlaceOf(call) + "input " + std::to_string(i) + " is missing");
  Result<std::vector<TensorSpec>> specs = op.infer(call);
  if (!specs.ok()) return Status(specs.status().code(), PlaceOf(call) + specs.status().message());
  for (const TensorSpec& spec : *specs)
    if (const auto bytes = spec.CountBytes(); !bytes.ok())
      return Status(bytes.status().code(), PlaceOf(call) + bytes.status().message());
  TENTER_CHECK(static_cast<int>(specs->size()) == call.output_count,
               PlaceOf(call) + "infers another number of outputs");
  return specs;
}

bool TakesEpilogue(const OpCall& call) {
  if (call.output_count != 1) return false;
  if (call.op_type == "Conv")
    return call.layout == Layout::kChannelsLast && call.constant(1) != nullptr;
  if (call.op_type == "BatchNormalization") return TakesRelu(call);
  return call.op_type == "Gemm" || call.op_type == "MatMul";
}

Result<std::unique_ptr<Kernel>> MakeKernel(const OpCall& call, std::span<const TensorSpec> outputs,
                                           KernelChoice choice) {
  const OpType* const found = FindOp(call.op_type);
  TENTER_CHECK(found != nullptr && static_cast<int>(outputs.size()) == call.output_count,
               PlaceOf(call) + "a kernel is asked for before inference");
  const OpType& op = *found;
  if (choice == KernelChoice::kOneDnn && call.cut.threads > 1 && outputs.size() == 1) {
    auto parted = MakeParted(call, outputs[0]);
    if (!parted.ok() || *parted != nullptr) return parted;
  }
  if (choice == KernelChoice::kOneDnn && op.make_fast != nullptr) {
    TENTER_RETURN_IF_ERROR(FirstUse::OfProcess().Await());
    UseOneThread();
    Result<std::unique_ptr<Kernel>> kernel = MakeFastest(call, op, outputs[0]);
    if (kernel.ok()) return kernel;
    if (kernel.status().code() != StatusCode::kUnsupported)
      return Status(kernel.status().code(), PlaceOf(call) + kernel.status().message());
  }
  if (!call.epilogue.empty()) return MakeChain(call, outputs[0], choice);
  if (call.layout == Layout::kChannelsLast) return MakeTurned(call, outputs, choice);
  Result<std::unique_ptr<Kernel>> kernel = op.make_reference(call);
  if (!kernel.ok())
    return Status(kernel.status().code(), PlaceOf(call) + kernel.status().message());
  return kernel;
}

}  // namespace tenter
