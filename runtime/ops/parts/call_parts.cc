#include "runtime/ops/parts/call_parts.h"

#include <algorithm>
#include <utility>

#include "runtime/device/team.h"
#include "runtime/ops/tables.h"
#include "runtime/ops/window.h"

namespace tenter {
namespace {

// Moving so many bytes through the caches takes as long as a product.
constexpr double kBytesPerProduct = 0.5;

// Rows [begin, end) of the output along `axis`.
struct Rows {
  int axis;
  int64_t begin, end;
};

Piece Whole(const TensorSpec& spec) { return {spec, 0}; }

// REQUIRES: the axes in front of `axis` are 1.
Piece RowsOf(const TensorSpec& spec, const Rows& rows) {
  std::vector<int64_t> dims = spec.shape.dims();
  dims[static_cast<size_t>(rows.axis)] = rows.end - rows.begin;
  const auto row_bytes = static_cast<int64_t>(spec.size_bytes()) / spec.shape.dim(rows.axis);
  return {{spec.dtype, Shape(std::move(dims))}, static_cast<size_t>(rows.begin * row_bytes)};
}

// What the rows need of an operand that is stretched to `whole`, by numpy's rule.
Piece Operand(const TensorSpec& operand, const Shape& whole, const Rows& rows) {
  const int axis = rows.axis - (whole.rank() - operand.shape.rank());
  if (axis < 0 || operand.shape.dim(axis) == 1) return Whole(operand);
  return RowsOf(operand, {axis, rows.begin, rows.end});
}

double ProductsPerOutput(const OpCall& call, const TensorSpec& output) {
  const Shape& first = call.inputs[0].shape;
  const Shape& second = call.inputs[1].shape;
  if (call.op_type == "MatMul") return static_cast<double>(first.dim(-1));
  const int64_t outputs = call.op_type == "Conv" ? second.dim(0) : output.shape.dim(-1);
  return static_cast<double>(second.NumElements()) / static_cast<double>(outputs);
}

bool Multiplies(const OpCall& call) {
  return call.op_type == "Conv" || call.op_type == "Gemm" || call.op_type == "MatMul";
}

bool IsWorthIt(const OpCall& call, const TensorSpec& output) {
  const auto outputs = static_cast<double>(output.shape.NumElements());
  const auto grain = static_cast<double>(call.cut.grain);
  if (Multiplies(call)) return outputs * ProductsPerOutput(call, output) >= grain;
  size_t bytes = output.size_bytes();
  for (const TensorSpec& input : call.inputs) bytes += input.size_bytes();
  return static_cast<double>(bytes) >= grain * kBytesPerProduct;
}

bool IsElementwise(const OpCall& call) {
  const auto ops = ElementwiseOps();
  return std::any_of(ops.begin(), ops.end(),
                     [&](const OpType& op) { return op.name == call.op_type; });
}

bool SlidesWindow(const OpCall& call) {
  return call.op_type == "Conv" || call.op_type == "MaxPool" || call.op_type == "AveragePool";
}

// What a rule makes of the inputs of the call for some rows; kUnsupported where it cannot.
using Made = Result<CallPart>;

Status StaysWhole() { return Unsupported("its rows are not computed apart"); }

CallPart Unchanged(const OpCall& call) { return {call, call.attributes}; }

Made FirstByRows(const OpCall& call, const Rows& rows) {
  CallPart part = Unchanged(call);
  part.Take(0, RowsOf(call.inputs[0], rows));
  return part;
}

Made AllByRows(const OpCall& call, const TensorSpec& output, const Rows& rows) {
  CallPart part = Unchanged(call);
  for (size_t i = 0; i < call.inputs.size(); ++i)
    if (call.has_input(i)) part.Take(i, Operand(call.inputs[i], output.shape, rows));
  return part;
}

// Rows of one image: what lies in front of them and behind is read, too, or was padding before.
Made RowsOfImage(const OpCall& call, const Rows& rows) {
  if (call.layout != Layout::kChannelsLast || rows.axis != 1) return StaysWhole();
  std::vector<int64_t> kernel;
  if (call.op_type == "Conv")
    kernel.assign(call.inputs[1].shape.dims().begin() + 2, call.inputs[1].shape.dims().end());
  TENTER_ASSIGN_OR_RETURN(const Window window, WindowOf(call, kernel));
  TENTER_ASSIGN_OR_RETURN(const int64_t counts_padding,
                          call.attributes.Int("count_include_pad", 0));
  TENTER_ASSIGN_OR_RETURN(const int64_t rounds_up, call.attributes.Int("ceil_mode", 0));
  // Cells that rounding up added are no padding, and a part would count them as such.
  if (counts_padding != 0 && rounds_up != 0) return StaysWhole();
  const int64_t start = window.Start(0, rows.begin);
  const int64_t stop = window.Start(0, rows.end - 1) + window.Span(0);
  const Rows read = {1, std::max<int64_t>(start, 0), std::min(stop, window.input[0])};
  if (read.begin >= read.end) return StaysWhole();
  Attributes attributes = call.attributes;
  attributes.Set("auto_pad", std::string("NOTSET"));
  attributes.Set("pads", std::vector<int64_t>{read.begin - start, window.pads_begin[1],
                                              stop - read.end, window.pads_end[1]});
  CallPart part(call, std::move(attributes));
  part.Take(0, RowsOf(call.inputs[0], read));
  return part;
}

Made RowsOfWindow(const OpCall& call, const Rows& rows) {
  if (call.inputs[0].shape.rank() != 4) return StaysWhole();
  return rows.axis == 0 ? FirstByRows(call, rows) : RowsOfImage(call, rows);
}

// Of a matrix of one row the outputs are cut, where the weights of each lie side by side.
Made RowsOfGemm(const OpCall& call, const TensorSpec& output, const Rows& rows) {
  TENTER_ASSIGN_OR_RETURN(const int64_t turned_a, call.attributes.Int("transA", 0));
  TENTER_ASSIGN_OR_RETURN(const int64_t turned_b, call.attributes.Int("transB", 0));
  if (rows.axis == 0 ? turned_a != 0 : turned_b == 0) return StaysWhole();
  CallPart part = Unchanged(call);
  if (rows.axis == 0)
    part.Take(0, RowsOf(call.inputs[0], rows));
  else
    part.Take(1, RowsOf(call.inputs[1], {0, rows.begin, rows.end}));
  if (call.has_input(2)) part.Take(2, Operand(call.inputs[2], output.shape, rows));
  return part;
}

Made RowsOfMatMul(const OpCall& call, const TensorSpec& output, const Rows& rows) {
  const int rank = output.shape.rank();
  if (call.inputs[0].shape.rank() < 2 || call.inputs[1].shape.rank() < 2 || rows.axis == rank - 1)
    return StaysWhole();
  CallPart part = Unchanged(call);
  part.Take(0, Operand(call.inputs[0], output.shape, rows));
  if (rows.axis < rank - 2) part.Take(1, Operand(call.inputs[1], output.shape, rows));
  return part;
}

// Ops along an axis behind the rows. `all`: the rows of all inputs, or of the first.
Made AlongAxis(const OpCall& call, const TensorSpec& output, const Rows& rows, int64_t otherwise,
               bool all) {
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", otherwise));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, call.inputs[0].shape.rank()));
  if (axis <= rows.axis) return StaysWhole();
  return all ? AllByRows(call, output, rows) : FirstByRows(call, rows);
}

Made PartFor(const OpCall& call, const TensorSpec& output, const Rows& rows) {
  const std::string_view op = call.op_type;
  if (SlidesWindow(call)) return RowsOfWindow(call, rows);
  if (IsElementwise(call)) return AllByRows(call, output, rows);
  if (op == "Gemm") return RowsOfGemm(call, output, rows);
  if (op == "MatMul") return RowsOfMatMul(call, output, rows);
  if (op == "Concat") return AlongAxis(call, output, rows, 1, /*all=*/true);
  if (op == "Gather") return AlongAxis(call, output, rows, 0, /*all=*/false);
  if (op == "Softmax")
    return AlongAxis(call, output, rows, call.opset < 13 ? 1 : -1, /*all=*/false);
  const bool is_image_row = call.layout == Layout::kChannelsLast && rows.axis == 1;
  if (op == "BatchNormalization" && (rows.axis == 0 || is_image_row))
    return FirstByRows(call, rows);
  return StaysWhole();
}

// The output, and what the epilogue reads for it.
void TakeRows(const OpCall& call, const TensorSpec& output, const Rows& rows, CallPart* part) {
  part->SetOutput(RowsOf(output, rows));
  for (size_t op = 0; op < call.epilogue.size(); ++op)
    for (size_t i = 0; i < call.epilogue[op].inputs.size(); ++i)
      if (call.epilogue[op].has_input(i))
        part->TakeForEpilogue(op, i, Operand(call.epilogue[op].inputs[i], output.shape, rows));
}

std::vector<Piece> WholeInputs(const OpCall& call) {
  std::vector<Piece> pieces;
  for (const TensorSpec& spec : call.inputs) pieces.push_back(Whole(spec));
  return pieces;
}

}  // namespace

CallPart::CallPart(const OpCall& whole, Attributes attributes)
    : attributes_(std::make_unique<Attributes>(std::move(attributes))),
      call_{.node = whole.node,
            .op_type = whole.op_type,
            .attributes = *attributes_,
            .opset = whole.opset,
            .inputs = whole.inputs,
            .constants = whole.constants,
            .present = whole.present,
            .output_count = whole.output_count,
            .layout = whole.layout,
            .packed = whole.packed,
            .winograd = whole.winograd,
            .cut = {},
            .part_of = 1,
            .shapes = whole.shapes,
            .epilogue = whole.epilogue,
            .carried = whole.carried},
      inputs_(WholeInputs(whole)) {
  for (const OpCall& op : whole.epilogue) of_epilogue_.push_back(WholeInputs(op));
}

std::vector<Piece> CallPart::Pieces() const {
  std::vector<Piece> pieces = inputs_;
  for (size_t op = 0; op < of_epilogue_.size(); ++op)
    for (size_t i = 0; i < of_epilogue_[op].size(); ++i)
      if (i != call_.epilogue[op].carried) pieces.push_back(of_epilogue_[op][i]);
  return pieces;
}

// What is known of a parameter is known by where it begins, as a piece of it may, too.
void CallPart::Take(size_t i, Piece piece) {
  if (call_.constant(i) != nullptr && piece.spec != call_.inputs[i]) call_.packed = nullptr;
  TakeFor(&call_, &inputs_, i, std::move(piece));
}

void CallPart::TakeFor(OpCall* call, std::vector<Piece>* pieces, size_t i, Piece piece) {
  if (const Tensor* const constant = call->constant(i)) {
    auto* const data = static_cast<std::byte*>(const_cast<void*>(constant->raw()));
    constants_.push_back(std::make_unique<Tensor>(Tensor::Borrow(piece.spec, data + piece.offset)));
    call->constants[i] = constants_.back().get();
  }
  call->inputs[i] = piece.spec;
  (*pieces)[i] = std::move(piece);
}

std::vector<CallPart> CutCall(const OpCall& call, const TensorSpec& output) {
  const std::vector<int64_t>& dims = output.shape.dims();
  const auto first = std::find_if(dims.begin(), dims.end(), [](int64_t dim) { return dim != 1; });
  if (first == dims.end() || output.shape.NumElements() == 0 || !IsWorthIt(call, output)) return {};
  const auto axis = static_cast<int>(first - dims.begin());
  const int64_t count =
      std::min<int64_t>({call.cut.threads, *first, static_cast<int64_t>(Team::kPartsMost)});
  std::vector<CallPart> parts;
  for (int64_t i = 0; i < count; ++i) {
    const Rows rows = {axis, *first * i / count, *first * (i + 1) / count};
    Made part = PartFor(call, output, rows);
    if (!part.ok()) return {};
    part->SetPartOf(static_cast<int>(count));
    TakeRows(call, output, rows, &*part);
    parts.push_back(std::move(part).value());
  }
  return parts;
}

}  // namespace tenter
