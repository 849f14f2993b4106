#include "fuzz/model/judge/refused.h"

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

std::string Refused::NodeNamedBy(const Answer& answer) {
  for (const std::string& node : Of(answer).possible)
    if (Says(answer, node)) return node;
  return "";
}

}  // namespace tenter::fuzz::model
