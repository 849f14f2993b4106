#include "harness/workloads/parameters.h"

#include <algorithm>
#include <vector>

#include "harness/faults/nearest.h"

namespace tenter {

std::string_view ParameterKind(const ParameterValue& value) {
  constexpr std::string_view kKinds[] = {"integer", "number", "boolean", "string"};
  return kKinds[value.index()];
}

Status Parameters::Check(std::span<const ParameterType> types) {
  std::vector<std::string> known;
  for (const ParameterType& type : types) known.emplace_back(type.name);
  for (const auto& [name, value] : values_)
    if (std::find(known.begin(), known.end(), name) == known.end())
      return {StatusCode::kInvalidArgument,
              "workload: unknown parameter '" + name + "'" + DidYouMean(name, known)};
  for (const ParameterType& type : types) {
    const auto it = values_.find(type.name);
    if (it == values_.end()) {
      values_.emplace(type.name, type.default_value);
      continue;
    }
    // A whole number is a number too.
    if (std::holds_alternative<double>(type.default_value) &&
        std::holds_alternative<int64_t>(it->second))
      it->second = static_cast<double>(std::get<int64_t>(it->second));
    if (it->second.index() != type.default_value.index())
      return {StatusCode::kInvalidArgument, "workload: parameter '" + it->first + "': expected " +
                                                std::string(ParameterKind(type.default_value)) +
                                                ", found " +
                                                std::string(ParameterKind(it->second))};
    const auto* const number = std::get_if<int64_t>(&it->second);
    if (number == nullptr || (*number >= type.minimum && *number <= type.maximum)) continue;
    const bool below = *number < type.minimum;
    return {StatusCode::kInvalidArgument, "workload: parameter '" + it->first + "': expected at " +
                                              (below ? "least " + std::to_string(type.minimum)
                                                     : "most " + std::to_string(type.maximum)) +
                                              ", found " + std::to_string(*number)};
  }
  return {};
}

}  // namespace tenter
