#include "harness/run/results_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/faults/fault_actions.h"
#include "harness/faults/known_sites.h"
#include "harness/run/events.h"
#include "harness/targets/saboteur/saboteur.h"
#include "runtime/base/check.h"

namespace tenter {
namespace {

// Keys in the order in which they are written, so that files read well.
using nlohmann::ordered_json;

// Text from a target may be anything; invalid UTF-8 must not end the run.
std::string Dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::vector<std::string> Words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  return {std::istream_iterator<std::string>(stream), std::istream_iterator<std::string>()};
}

const char* StateName(CheckState state) {
  switch (state) {
    case CheckState::kPassed:
      return "passed";
    case CheckState::kFailed:
      return "failed";
    case CheckState::kNoPower:
      return "no_power";
  }
  return "no_power";
}

[[noreturn]] void HarnessDefect(const std::string& what) {
  std::fprintf(stderr, "tenter-runner: %s: %s\n", what.c_str(), std::strerror(errno));
  events::TellEnd(70);
  _exit(70);
}

ordered_json ValueJson(const ParameterValue& value) {
  return std::visit([](const auto& v) { return ordered_json(v); }, value);
}

}  // namespace

Result<std::unique_ptr<ResultsFile>> ResultsFile::Open(const std::string& directory) {
  const std::string path = directory + "/findings.jsonl";
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return Status(StatusCode::kInvalidArgument,
                  path + ": cannot be created: " + std::strerror(errno));
  return std::unique_ptr<ResultsFile>(new ResultsFile(directory, descriptor));
}

ResultsFile::~ResultsFile() { close(descriptor_); }

void ResultsFile::Discard() {
  unlink((directory_ + "/findings.jsonl").c_str());
  unlink(flight_path().c_str());
}

std::string ResultsFile::FindingLine(const Finding& finding) {
  ordered_json line;
  line["version"] = 1;
  line["check"] = finding.check->name;
  line["contracts"] = Words(finding.contract);
  line["signature"] = finding.signature();
  line["title"] = finding.title;
  line["detail"] = finding.detail;
  line["evidence"] = finding.evidence;
  line["evidence"]["what"] = finding.what;
  return Dump(line) + "\n";
}

void ResultsFile::WriteFinding(const Finding& finding) {
  const std::string line = FindingLine(finding);
  MutexLock lock(mutex_);
  if (write(descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    HarnessDefect(directory_ + "/findings.jsonl");
}

void ResultsFile::WriteSummary(const RunPlan& plan, const CheckBoard& board,
                               const Injector& injector, int64_t duration_ms) {
  ordered_json summary;
  summary["version"] = 1;
  summary["scenario"] = plan.scenario;
  summary["flavour"] = plan.flavour;
  summary["seed"] = plan.seed;
  summary["duration_ms"] = duration_ms;
  summary["exposure"] = ordered_json::object();
  const std::vector<std::string_view>& published = plan.workload->exposes;
  for (const auto& [name, value] : board.exposure()) {
    // A scenario may ask for what is published, and for nothing else.
    TENTER_CHECK(std::find(published.begin(), published.end(), name) != published.end(),
                 "the workload counts what it does not publish");
    summary["exposure"][name] = value;
  }
  summary["facts"] = ordered_json::object();
  for (const auto& [name, text] : board.facts()) summary["facts"][name] = text;
  summary["checks"] = ordered_json::array();
  for (const CheckResult& check : board.results())
    summary["checks"].push_back({{"name", check.name},
                                 {"state", StateName(check.state)},
                                 {"examined", check.examined},
                                 {"note", check.note}});
  summary["sites"] = ordered_json::array();
  for (const SiteCount& site : injector.counts())
    summary["sites"].push_back(
        {{"name", site.name}, {"hit", site.hit}, {"fired", site.fired}, {"beside", site.beside}});
  summary["pairs"] = ordered_json::array();
  for (const SitePair& pair : injector.pairs())
    summary["pairs"].push_back({{"first", pair.first},
                                {"second", pair.second},
                                {"first_hit", pair.first_hit},
                                {"second_hit", pair.second_hit}});
  summary["faults"] = ordered_json::array();
  for (const ItemCount& item : injector.items())
    summary["faults"].push_back(
        {{"item", item.text}, {"hits", item.hits}, {"fired", item.fired}, {"note", item.note}});
  summary["effective_faults"] = injector.EffectivePlan();
  summary["findings"] = board.findings();
  std::ofstream file(directory_ + "/summary.json");
  file << Dump(summary) << "\n";
  file.close();
  if (!file) HarnessDefect(directory_ + "/summary.json");
}

void ResultsFile::PrintProgress(const Progress& progress) {
  const ordered_json event = {{"event", "progress"},
                              {"done", progress.done()},
                              {"total", progress.total()},
                              {"what", progress.what()}};
  events::Tell(Dump(event));
}

std::string TargetJson(const tgt_target& target) {
  return Dump(ordered_json{{"event", "target"},
                           {"name", target.name},
                           {"version", target.version},
                           {"notes", target.notes}});
}

std::string CatalogueJson() {
  ordered_json catalogue;
  catalogue["version"] = 3;
  catalogue["flavour"] = BuiltFlavour();
  for (const WorkloadType& workload : Workloads()) {
    ordered_json parameters = ordered_json::array();
    for (const ParameterType& type : workload.parameters) {
      ordered_json parameter = {{"name", type.name},
                                {"type", ParameterKind(type.default_value)},
                                {"default", ValueJson(type.default_value)},
                                {"meaning", type.meaning}};
      if (std::holds_alternative<int64_t>(type.default_value)) parameter["minimum"] = type.minimum;
      if (type.maximum != std::numeric_limits<int64_t>::max()) parameter["maximum"] = type.maximum;
      parameters.push_back(std::move(parameter));
    }
    catalogue["workloads"].push_back({{"kind", workload.kind},
                                      {"meaning", workload.meaning},
                                      {"parameters", parameters},
                                      {"checks", workload.checks},
                                      {"exposes", workload.exposes}});
  }
  for (const CheckType* check : kChecks)
    catalogue["checks"].push_back({{"name", check->name},
                                   {"meaning", check->meaning},
                                   {"contracts", Words(check->contracts)}});
  for (const Site* site : KnownSites())
    catalogue["sites"].push_back({{"name", site->name},
                                  {"actions", ActionNames(site->actions)},
                                  {"meaning", site->meaning}});
  for (const FaultActionType& type : kFaultActions)
    catalogue["actions"].push_back({{"name", type.name},
                                    {"written", type.written},
                                    {"meaning", type.meaning},
                                    {"swept", type.swept},
                                    {"fails", type.fails}});
  for (const SaboteurType& saboteur : Saboteurs()) {
    ordered_json spoils = ordered_json::array();  // the workloads that call what it spoils
    for (const WorkloadType& workload : Workloads())
      if ((workload.groups & saboteur.group) != 0) spoils.push_back(workload.kind);
    catalogue["saboteurs"].push_back(
        {{"name", saboteur.name}, {"meaning", saboteur.meaning}, {"workloads", spoils}});
  }
  return catalogue.dump(2);
}

}  // namespace tenter
