// Ops: what each op of a drawn model computes, in loops that can be read beside the ONNX
// documents; the independent half of the comparison.
//
// Nothing here knows how the runtime computes: no rewrite, no plan, no layout, no shared memory.
// An op says "does not fit" by answering nothing, and a graph in which an op does not fit is never
// drawn and never kept while shrinking.
//
// Thread safety: pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/model/graph/graph.h"

namespace tenter::fuzz::model {

// `inputs`: one per operand, null where it was left out.
using Operands = std::span<const Array* const>;
using Computed = std::optional<Arrays>;

struct Op {
  std::string_view name;
  size_t least_operands, most_operands;
  Computed (*compute)(const Node& node, Operands operands);
  // The attributes that a file of opset 13 has as inputs, behind the operands and in this order.
  std::vector<std::string_view> input_attributes = {};
  // It answers one of its numbers, perhaps with another sign, so that no number is rounded.
  bool takes_special = false;
  // ONNX does not say what it makes of NaN or an infinity.
  bool finite_only = false;
  // What it makes of multiples of a number are such multiples: `unit` is right.
  bool keeps_unit = false;
  // How far off what it makes may be, of operands of which one has slack; without a function no
  // such operand fits.
  double (*slack)(Operands operands) = nullptr;
};

// The slack of what answers one of its numbers, perhaps less or with another sign, of a sum, and of
// a product.
double LargestSlack(Operands operands);
double SumOfSlacks(Operands operands);
double SlackOfProduct(Operands operands);

// Null when there is none of this name.
const Op* FindOp(std::string_view name);
// The names of all.
std::vector<std::string> NamesOfOps();
// The attributes of an op, with the words that stand alone; empty for one that does not exist.
const std::vector<std::string>& AttributesOf(std::string_view op);

std::span<const Op> ElementwiseOps();
std::span<const Op> WindowOps();
std::span<const Op> DenseOps();
std::span<const Op> MovementOps();
std::span<const Op> ShapeOps();

// `axis` counted from the beginning; nothing when there is none.
std::optional<size_t> AxisOf(double axis, int rank);

}  // namespace tenter::fuzz::model
