#include "fuzz/model/judge/refused.h"

#include <algorithm>
#include <set>

#include "fuzz/model/judge/says.h"

namespace tenter::fuzz::model {

Refused::Refused(const Graph& graph) : graph_(graph) {
  for (const Node& node : graph.nodes) gathers_ |= node.op == "Gather";
}

const Refusals& Refused::Of(const Answer& answer) {
  const auto [known, is_new] = known_.try_emplace({answer.size, answer.seed});
  if (!is_new || !gathers_) return known->second;
  const Result<Values> values = Compute(graph_, InputsOf(graph_, answer.size, answer.seed));
  if (values.ok()) known->second = RefusalsOf(graph_, *values);
  return known->second;
}

std::string Refused::MustFailAt(const Answer& answer) {
  const Refusals& refusals = Of(answer);
  return refusals.sure.empty() ? "" : *refusals.sure.begin();
}

bool Refused::Explains(const Answer& answer) {
  return (answer.code == TGT_OUT_OF_RANGE || answer.code == TGT_INVALID_ARGUMENT) &&
         MayFail(answer);
}

bool Refused::ExplainsCreation(int64_t size, tgt_code code, const tgt_error& error) const {
  const Result<Values> values = Compute(graph_, InputsOf(graph_, size, 0));
  if (!values.ok() || (code != TGT_OUT_OF_RANGE && code != TGT_INVALID_ARGUMENT)) return false;
  const Refusals refusals = RefusalsOf(graph_, *values);
  std::set<std::string> known;  // before any call
  for (const Node& node : graph_.nodes) {
    const bool is_known = std::all_of(
        node.operands.begin(), node.operands.end(),
        [&](const std::string& operand) { return IsConstant(operand) || known.contains(operand); });
    if (!is_known) continue;
    for (size_t i = 0; i < OutputsOf(node); ++i) known.insert(OutputName(node, i));
    if (refusals.possible.contains(node.name) && SaysWord(error, node.name)) return true;
  }
  return false;
}

std::string Refused::NodeNamedBy(const Answer& answer) {
  for (const std::string& node : Of(answer).possible)
    if (Says(answer, node)) return node;
  return "";
}

}  // namespace tenter::fuzz::model
