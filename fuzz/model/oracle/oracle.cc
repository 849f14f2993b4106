#include "fuzz/model/oracle/oracle.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <stdexcept>

#include "fuzz/model/oracle/ops.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz::model {
namespace {

// What an array may have, so that a case stays quick; and one with slack, of which there are few.
constexpr size_t kMostNumbers = 4096, kMostWithSlack = 32768;

// Every number is what the bounds say: they are worked out beside the numbers, and may be wrong.
bool IsAsBound(const Array& array) {
  if (array.special) return true;
  return std::all_of(array.numbers.begin(), array.numbers.end(), [&](double number) {
    if (array.nonfinite && !std::isfinite(number)) return true;
    const double whole = std::ldexp(number, array.bits);
    return std::abs(number) <= array.most && whole == std::floor(whole) &&
           (array.unit <= 1 || std::fmod(number, static_cast<double>(array.unit)) == 0);
  });
}

// Nothing for what would be too large.
std::optional<Arrays> ComputeSmall(const Op& op, const Node& node,
                                   const std::vector<const Array*>& operands) {
  try {
    return op.compute(node, operands);
  } catch (const std::length_error&) {
    return std::nullopt;
  }
}

}  // namespace

Arrays InputsOf(const Graph& graph, int64_t size, uint64_t seed) {
  Arrays inputs;
  for (const Input& input : graph.inputs) {
    Array array{.integers = input.integers,
                .dims = input.dims,
                .most = 2,
                .special = input.special,
                .nonfinite = input.nonfinite};
    std::replace_if(array.dims.begin(), array.dims.end(), IsOpen, size);
    Rng rng(CombineHash(CombineHash(seed, static_cast<uint64_t>(size)), inputs.size()));
    // Some calls have none of them: a NaN hides what else is wrong with the sums that it is in.
    const auto chance = input.nonfinite ? static_cast<uint32_t>(rng.Below(3)) * 6 : 0;
    for (int64_t left = CountOf(array.dims); left > 0; --left)
      array.numbers.push_back(input.special     ? SpecialNumber(&rng)
                              : input.nonfinite ? NonfiniteNumber(chance, &rng)
                                                : static_cast<double>(rng.Below(5)) - 2);
    inputs.push_back(std::move(array));
  }
  return inputs;
}

Array OperandOf(const std::string& operand, const Values& values) {
  if (const auto constant = ParseConstant(operand); constant) return NumbersOf(*constant);
  return values.at(operand);
}

// One that the op does not have, which a file must not say of it.
std::optional<std::string> StrangeAttribute(const Node& node) {
  const std::vector<std::string>& known = AttributesOf(node.op);
  for (const auto& [name, numbers] : node.attributes)
    if (std::find(known.begin(), known.end(), name) == known.end()) return name;
  return std::nullopt;
}

std::optional<Arrays> ComputeNode(const Node& node, const Values& values) {
  const Op* const op = FindOp(node.op);
  std::list<Array> constants;
  std::vector<const Array*> operands;
  for (const std::string& operand : node.operands) {
    if (const auto constant = ParseConstant(operand); constant) {
      operands.push_back(&constants.emplace_back(NumbersOf(*constant)));
    } else {
      const auto known = values.find(operand);
      if (known == values.end()) return std::nullopt;
      operands.push_back(&known->second);
    }
  }
  if (op == nullptr || StrangeAttribute(node) || operands.size() < op->least_operands ||
      operands.size() > op->most_operands)
    return std::nullopt;
  const bool special = std::any_of(operands.begin(), operands.end(),
                                   [](const Array* one) { return one != nullptr && one->special; });
  if (special && !op->takes_special) return std::nullopt;
  const bool nonfinite = std::any_of(operands.begin(), operands.end(), [](const Array* one) {
    return one != nullptr && one->nonfinite;
  });
  if (nonfinite && op->finite_only) return std::nullopt;
  const bool truths = std::any_of(operands.begin(), operands.end(),
                                  [](const Array* one) { return one != nullptr && one->truths; });
  if (truths && op->name != "Cast") return std::nullopt;
  const double slack = LargestSlack(operands);
  if (slack > 0 && op->slack == nullptr) return std::nullopt;
  auto made = ComputeSmall(*op, node, operands);
  if (!made) return std::nullopt;
  // A shape is a number like any other, and so is a mask.
  for (Array& array : *made) {
    array.special = special && !array.integers && !array.truths;
    array.nonfinite = nonfinite && !array.integers && !array.truths;
    if (!op->keeps_unit || array.bits != 0) array.unit = 1;
    if (slack > 0) array.slack = array.truths || array.integers ? 0 : op->slack(operands);
  }
  for (const Array& array : *made)
    if (!array.exact() || !array.is_clear() || !IsAsBound(array) || array.rank() > 5 ||
        array.numbers.size() > (array.slack > 0 ? kMostWithSlack : kMostNumbers))
      return std::nullopt;
  return made;
}

namespace {

std::string Listed(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::string WhyNot(const Node& node, const Values& values) {
  const std::string line = "'" + ToText(node) + "': ";
  const Op* const op = FindOp(node.op);
  if (op == nullptr)
    return line + "no op of these programs is called '" + node.op + "'; there are " +
           Listed(NamesOfOps());
  if (const auto strange = StrangeAttribute(node); strange)
    return line + node.op + " has no attribute '" + *strange + "' here" +
           (AttributesOf(node.op).empty() ? "" : ", but " + Listed(AttributesOf(node.op)));
  if (node.operands.size() < op->least_operands || node.operands.size() > op->most_operands)
    return line + node.op + " has " + std::to_string(op->least_operands) + " to " +
           std::to_string(op->most_operands) + " operands";
  for (const std::string& operand : node.operands)
    if (!IsConstant(operand) && !values.contains(operand))
      return line + "nothing before it is called '" + operand + "'";
  return line +
         "its operands and attributes do not fit one another, or what it makes has more than 4096 "
         "numbers, or one that might be rounded";
}

}  // namespace

Result<Values> Compute(const Graph& graph, const Arrays& inputs) {
  Values values;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!values.emplace(graph.inputs[i].name, inputs[i]).second)
      return Status(StatusCode::kInvalidArgument, "two inputs are called " + graph.inputs[i].name);
  for (const Node& node : graph.nodes) {
    const auto made = ComputeNode(node, values);
    if (!made) return Status(StatusCode::kInvalidArgument, WhyNot(node, values));
    for (size_t i = 0; i < made->size(); ++i)
      if (!values.emplace(OutputName(node, i), (*made)[i]).second)
        return Status(StatusCode::kInvalidArgument, "two values are called " + OutputName(node, i));
  }
  for (const std::string& output : graph.outputs)
    if (!values.contains(output))
      return Status(StatusCode::kInvalidArgument, "nothing is called " + output);
  return values;
}

std::vector<Values> ValuesOfInputs(const Graph& graph, const std::vector<int64_t>& sizes) {
  std::vector<Values> values;
  for (const int64_t size : sizes) {
    Arrays arrays = InputsOf(graph, size, 0);
    Values& mine = values.emplace_back();
    for (size_t i = 0; i < arrays.size(); ++i) mine[graph.inputs[i].name] = std::move(arrays[i]);
  }
  return values;
}

bool AddAtEverySize(const Node& node, std::vector<Values>* values) {
  std::vector<Arrays> made;
  for (const Values& mine : *values) {
    auto arrays = ComputeNode(node, mine);
    if (!arrays || mine.contains(node.name)) return false;
    made.push_back(std::move(*arrays));
  }
  for (size_t s = 0; s < made.size(); ++s)
    for (size_t i = 0; i < made[s].size(); ++i)
      (*values)[s][OutputName(node, i)] = std::move(made[s][i]);
  return true;
}

Arrays OutputsOf(const Graph& graph, int64_t size, uint64_t seed) {
  const Result<Values> values = Compute(graph, InputsOf(graph, size, seed));
  TENTER_CHECK(values.ok(), values.status().message());
  Arrays outputs;
  for (const std::string& output : graph.outputs) outputs.push_back(values->at(output));
  return outputs;
}

}  // namespace tenter::fuzz::model
