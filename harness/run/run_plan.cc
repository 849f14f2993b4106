#include "harness/run/run_plan.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/faults/nearest.h"
#include "harness/targets/saboteur/saboteur.h"

namespace tenter {
namespace {

using nlohmann::json;

// Reads typed members of one JSON object, and remembers which were asked for, so that the rest
// can be refused.
class Reader {
 public:
  Reader(const json& object, std::string where) : object_(object), where_(std::move(where)) {}

  template <typename T>
  Status Read(const char* key, T* value) {
    known_.emplace_back(key);
    const auto it = object_.find(key);
    if (it == object_.end()) return Bad(std::string("key '") + key + "' is missing");
    try {
      // nlohmann converts between numbers silently; a plan is exact.
      if constexpr (std::is_integral_v<T>)
        if (!it->is_number_integer()) return Bad(std::string("'") + key + "' must be an integer");
      *value = it->get<T>();
    } catch (const json::exception&) {
      return Bad(std::string("'") + key + "' has the wrong type");
    }
    return {};
  }

  Status RefuseOthers() const {
    for (const auto& [key, value] : object_.items())
      if (std::find(known_.begin(), known_.end(), key) == known_.end())
        return Bad("unknown key '" + key + "'" + DidYouMean(key, known_));
    return {};
  }

  Status Bad(const std::string& what) const {
    return {StatusCode::kInvalidArgument, where_ + ": " + what};
  }

 private:
  const json& object_;
  const std::string where_;
  std::vector<std::string> known_;
};

Status ReadParameter(const std::string& where, const std::string& name, const json& value,
                     Parameters* parameters) {
  if (value.is_boolean())
    parameters->Set(name, value.get<bool>());
  else if (value.is_number_integer())
    parameters->Set(name, value.get<int64_t>());
  else if (value.is_number())
    parameters->Set(name, value.get<double>());
  else if (value.is_string())
    parameters->Set(name, value.get<std::string>());
  else
    return {StatusCode::kInvalidArgument,
            where + ": workload parameter '" + name + "' must be a number, a text or a switch"};
  return {};
}

Status ReadWorkload(const std::string& where, const json& object, RunPlan* plan) {
  if (!object.is_object() || !object.contains("kind") || !object["kind"].is_string())
    return {StatusCode::kInvalidArgument, where + ": 'workload' must be an object with a 'kind'"};
  const auto found = FindWorkload(object["kind"].get<std::string>());
  if (!found.ok()) return {found.status().code(), where + ": " + found.status().message()};
  plan->workload = *found;
  for (const auto& [name, value] : object.items())
    if (name != "kind")
      TENTER_RETURN_IF_ERROR(ReadParameter(where, name, value, &plan->parameters));
  const Status status = plan->parameters.Check(plan->workload->parameters);
  return status.ok() ? Status() : Status(status.code(), where + ": " + status.message());
}

Status CheckNames(const std::string& where, const RunPlan& plan) {
  std::vector<std::string> checks, saboteurs;
  for (const CheckType* check : kChecks) checks.emplace_back(check->name);
  for (const SaboteurType& saboteur : Saboteurs()) saboteurs.emplace_back(saboteur.name);
  for (const std::string& check : plan.checks)
    if (std::find(checks.begin(), checks.end(), check) == checks.end())
      return {StatusCode::kInvalidArgument,
              where + ": unknown check '" + check + "'" + DidYouMean(check, checks)};
  if (!plan.saboteur.empty() &&
      std::find(saboteurs.begin(), saboteurs.end(), plan.saboteur) == saboteurs.end())
    return {StatusCode::kInvalidArgument, where + ": unknown saboteur '" + plan.saboteur + "'" +
                                              DidYouMean(plan.saboteur, saboteurs)};
  if (plan.flavour != BuiltFlavour())
    return {StatusCode::kInvalidArgument, where + ": the plan is for flavour '" + plan.flavour +
                                              "', this runner is '" + std::string(BuiltFlavour()) +
                                              "'"};
  if (plan.watchdog_ms < 1)
    return {StatusCode::kInvalidArgument, where + ": 'watchdog_ms' must be positive"};
  return {};
}

Status ReadObject(const std::string& where, const json& object, RunPlan* plan) {
  Reader reader(object, where);
  int64_t version = 0;
  TENTER_RETURN_IF_ERROR(reader.Read("version", &version));
  if (version != kRunPlanVersion)
    return {StatusCode::kUnsupported, where + ": run plan version " + std::to_string(version) +
                                          ", this runner reads version " +
                                          std::to_string(kRunPlanVersion)};
  json target, workload;
  TENTER_RETURN_IF_ERROR(reader.Read("scenario", &plan->scenario));
  TENTER_RETURN_IF_ERROR(reader.Read("flavour", &plan->flavour));
  TENTER_RETURN_IF_ERROR(reader.Read("target", &target));
  TENTER_RETURN_IF_ERROR(reader.Read("workload", &workload));
  TENTER_RETURN_IF_ERROR(reader.Read("faults", &plan->faults));
  TENTER_RETURN_IF_ERROR(reader.Read("checks", &plan->checks));
  TENTER_RETURN_IF_ERROR(reader.Read("seed", &plan->seed));
  TENTER_RETURN_IF_ERROR(reader.Read("watchdog_ms", &plan->watchdog_ms));
  TENTER_RETURN_IF_ERROR(reader.RefuseOthers());
  if (!target.is_object()) return reader.Bad("'target' must be an object");
  Reader target_reader(target, where + ": target");
  TENTER_RETURN_IF_ERROR(target_reader.Read("name", &plan->target_name));
  TENTER_RETURN_IF_ERROR(target_reader.Read("library", &plan->target_library));
  TENTER_RETURN_IF_ERROR(target_reader.Read("saboteur", &plan->saboteur));
  TENTER_RETURN_IF_ERROR(target_reader.RefuseOthers());
  TENTER_RETURN_IF_ERROR(ReadWorkload(where, workload, plan));
  return CheckNames(where, *plan);
}

}  // namespace

std::string_view BuiltFlavour() {
#if defined(TENTER_TSAN)
  return "tsan";
#elif defined(TENTER_ASAN)
  return "asan";
#elif defined(TENTER_PROBES)
  return "probe";
#elif defined(__clang__)
  return "release";
#else
  return "gcc";
#endif
}

Result<RunPlan> ReadRunPlan(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Status(StatusCode::kNotFound, path + ": cannot be opened for reading");
  const json object = json::parse(file, nullptr, false);
  if (object.is_discarded() || !object.is_object())
    return Status(StatusCode::kDataLoss, path + ": expected one JSON object");
  RunPlan plan;
  TENTER_RETURN_IF_ERROR(ReadObject(path, object, &plan));
  return plan;
}

}  // namespace tenter
