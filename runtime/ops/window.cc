#include "runtime/ops/window.h"

#include <algorithm>

namespace tenter {
namespace {

// `values` as height and width: a list of one gets the height `missing` in front.
Result<std::array<int64_t, 2>> Pair(const std::string& name, std::vector<int64_t> values,
                                    size_t rank, int64_t missing, int64_t least) {
  if (values.size() != rank)
    return Invalid(name + " has " + std::to_string(values.size()) + " values, expected " +
                   std::to_string(rank));
  if (rank == 1) values.insert(values.begin(), missing);
  for (const int64_t value : values)
    if (value < least || value > kWindowExtentMax)
      return Invalid(name + " has the value " + std::to_string(value));
  return std::array<int64_t, 2>{values[0], values[1]};
}

Result<std::array<int64_t, 2>> PairOf(const OpCall& call, const std::string& name, size_t rank,
                                      int64_t otherwise) {
  TENTER_ASSIGN_OR_RETURN(
      auto values, call.attributes.Ints(name, std::vector<int64_t>(rank, otherwise)));
  return Pair(name, std::move(values), rank, 1, 1);
}

Status ReadPads(const OpCall& call, size_t rank, Window& window) {
  TENTER_ASSIGN_OR_RETURN(auto pads,
                          call.attributes.Ints("pads", std::vector<int64_t>(2 * rank, 0)));
  if (pads.size() != 2 * rank)
    return Invalid("pads has " + std::to_string(pads.size()) + " values");
  const auto middle = pads.begin() + static_cast<int64_t>(rank);
  TENTER_ASSIGN_OR_RETURN(window.pads_begin, Pair("pads", {pads.begin(), middle}, rank, 0, 0));
  TENTER_ASSIGN_OR_RETURN(window.pads_end, Pair("pads", {middle, pads.end()}, rank, 0, 0));
  return {};
}

// For auto_pad SAME_UPPER and SAME_LOWER: the output size is the input size divided by the stride,
// rounded up, and the padding is what that needs. An odd cell goes to the end, or to the beginning.
void PadToSame(bool upper, Window& window) {
  for (size_t i = 0; i < 2; ++i) {
    const int64_t output = (window.input[i] + window.strides[i] - 1) / window.strides[i];
    const int64_t total = std::max<int64_t>(
        (output - 1) * window.strides[i] + window.Span(i) - window.input[i], 0);
    window.pads_begin[i] = upper ? total / 2 : total - total / 2;
    window.pads_end[i] = total - window.pads_begin[i];
  }
}

Status ComputeOutput(bool ceil_mode, Window& window) {
  for (size_t i = 0; i < 2; ++i) {
    const int64_t slack =
        window.input[i] + window.pads_begin[i] + window.pads_end[i] - window.Span(i);
    if (slack < 0)
      return Invalid("a kernel that spans " + std::to_string(window.Span(i)) +
                     " does not fit into the padded input");
    window.output[i] = slack / window.strides[i] + 1;
    // A last window is added when it starts inside the input or its leading padding.
    if (ceil_mode && slack % window.strides[i] != 0 &&
        window.Start(i, window.output[i]) < window.input[i])
      ++window.output[i];
  }
  return {};
}

Status ReadInput(const OpCall& call, Window& window) {
  const Shape shape = call.image();
  if (shape.rank() != 3 && shape.rank() != 4)
    return Unsupported("an input of rank " + std::to_string(shape.rank()));
  window.input = {shape.rank() == 4 ? shape.dim(2) : 1, shape.dim(-1)};
  for (const int64_t extent : window.input)
    if (extent > kWindowExtentMax) return Invalid("an input too large");
  return {};
}

}  // namespace

Result<Window> WindowOf(const OpCall& call, const std::vector<int64_t>& kernel) {
  Window window;
  TENTER_RETURN_IF_ERROR(ReadInput(call, window));
  const auto rank = static_cast<size_t>(call.inputs[0].shape.rank() - 2);
  TENTER_ASSIGN_OR_RETURN(auto kernel_shape, call.attributes.Ints("kernel_shape", kernel));
  if (!kernel.empty() && kernel_shape != kernel)
    return Invalid("kernel_shape differs from the shape of the weights");
  TENTER_ASSIGN_OR_RETURN(window.kernel, Pair("kernel_shape", std::move(kernel_shape), rank, 1, 1));
  TENTER_ASSIGN_OR_RETURN(window.strides, PairOf(call, "strides", rank, 1));
  TENTER_ASSIGN_OR_RETURN(window.dilations, PairOf(call, "dilations", rank, 1));
  TENTER_ASSIGN_OR_RETURN(const std::string auto_pad, call.attributes.String("auto_pad", "NOTSET"));
  TENTER_ASSIGN_OR_RETURN(const int64_t ceil_mode, call.attributes.Int("ceil_mode", 0));
  if (auto_pad == "NOTSET") {
    TENTER_RETURN_IF_ERROR(ReadPads(call, rank, window));
  } else if (auto_pad != "VALID") {
    PadToSame(auto_pad == "SAME_UPPER", window);
  }
  TENTER_RETURN_IF_ERROR(ComputeOutput(ceil_mode != 0, window));
  return window;
}

Shape WindowOutput(const OpCall& call, const Window& window, int64_t channels) {
  std::vector<int64_t> dims = {call.inputs[0].shape.dim(0), channels};
  if (call.inputs[0].shape.rank() == 4) dims.push_back(window.output[0]);
  dims.push_back(window.output[1]);
  return Shape(std::move(dims));
}

Result<Window> PoolWindowOf(const OpCall& call) {
  TENTER_RETURN_IF_ERROR(RequireType(call, 0, DType::kFloat32));
  TENTER_ASSIGN_OR_RETURN(const Window window, WindowOf(call, {}));
  for (size_t i = 0; i < 2; ++i)
    if (window.pads_begin[i] >= window.Span(i) || window.pads_end[i] >= window.Span(i))
      return Invalid("padding as large as the kernel");
  return window;
}

}  // namespace tenter
