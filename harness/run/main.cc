// tenter-runner: one run plan, one process. See README.md in this folder for plan, outputs and
// exit codes.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/faults/fault_actions.h"
#include "harness/faults/known_sites.h"
#include "harness/flight/recorded_target.h"
#include "harness/run/events.h"
#include "harness/run/process_allocations.h"
#include "harness/run/race_reports.h"
#include "harness/run/results_file.h"
#include "harness/run/run_plan.h"
#include "harness/run/signals.h"
#include "harness/run/watchdog.h"
#include "harness/target/target_calls.h"
#include "harness/targets/saboteur/saboteur.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

enum ExitCode {
  kClean = 0,
  kFindings = 1,
  kUsage = 2,
  kInconclusive = 3,
  kSanitizer = 66,
  kUnsupported = 77,  // by the target, as its error says; test runners know it as "skipped"
};

constexpr const char* kHelp =
    "tenter-runner run PLAN.json --out DIR   execute one run plan; DIR must exist and be empty\n"
    "tenter-runner catalogue                 workloads, checks, sites and saboteurs as JSON\n"
    "tenter-runner target LIBRARY.so         name and version of a target, as JSON\n"
    "Exit codes: 0 clean, 1 findings, 2 usage, 3 could not conclude, 66 sanitizer, 70 defect of "
    "the harness, 77 not supported by the target\n";

int Refuse(const Status& status) {
  std::fprintf(stderr, "tenter-runner: %s\n", status.message().c_str());
  return kUsage;
}

// The recorder is a help: a case runs without it, too.
std::unique_ptr<Flight> OpenFlight(const std::string& path) {
  std::vector<std::string_view> sites;
  for (const Site* site : KnownSites()) sites.push_back(site->name);
  Result<std::unique_ptr<Flight>> flight =
      Flight::Open(path, kTargetCallNames, sites, ActionNamesByBit());
  if (flight.ok()) return std::move(flight).value();
  std::fprintf(stderr, "tenter-runner: no trace: %s\n", flight.status().message().c_str());
  return std::make_unique<Flight>();
}

Result<std::unique_ptr<TargetInstance>> OpenSabotaged(const RunPlan& plan, Injector* injector) {
  TENTER_ASSIGN_OR_RETURN(const TargetLibrary library, TargetLibrary::Load(plan.target_library));
  const tgt_target* table = library.table();
  if ((table->groups & plan.workload->groups) != plan.workload->groups)
    return Status(StatusCode::kUnsupported, "target '" + plan.target_name +
                                                "' has no capability that workload '" +
                                                std::string(plan.workload->kind) + "' needs");
  TENTER_ASSIGN_OR_RETURN(auto instance, TargetInstance::Open(table, injector->host()));
  if (plan.saboteur.empty()) return instance;
  return Sabotage(std::move(instance), plan.saboteur);
}

Result<std::unique_ptr<TargetInstance>> OpenTarget(const RunPlan& plan, Injector* injector,
                                                   Flight* flight) {
  TENTER_ASSIGN_OR_RETURN(auto instance, OpenSabotaged(plan, injector));
  return Recorded(std::move(instance), flight);
}

Finding HiddenWrite() {
  return {.check = &kHiddenWrite,
          .contract = "COP-2",
          .what = "write into sealed parameters",
          .title = "something wrote into the parameters of the model",
          .detail =
              "The parameters are sealed after loading. The write raised SIGSEGV at the guilty "
              "instruction; run the replay line under a debugger to stand on it."};
}

ExitCode Verdict(const CheckBoard& board) {
  bool races_only = true, conclusive = false;
  for (const CheckResult& check : board.results()) {
    if (check.state == CheckState::kFailed && check.name != kDataRace.name) races_only = false;
    if (check.state != CheckState::kNoPower) conclusive = true;
  }
  if (board.findings() > 0) return races_only ? kSanitizer : kFindings;
  return conclusive ? kClean : kInconclusive;
}

int Execute(const RunPlan& plan, const std::string& directory) {
  const auto sites = KnownSites();
  Result<FaultPlan> faults = ParseFaultPlan(plan.faults, sites);
  if (!faults.ok()) return Refuse(faults.status());
  auto results = ResultsFile::Open(directory);
  if (!results.ok()) return Refuse(results.status());
  ResultsFile* const file = results->get();

  const std::unique_ptr<Flight> flight = OpenFlight(file->flight_path());
  flight->NameThisThread();
  Injector injector(std::move(faults).value(), sites, plan.seed, flight.get());
  CheckBoard board(plan.checks, [file, &flight](const Finding& finding) {
    flight->Write({.kind = FlightKind::kFinding, .name = finding.title});
    file->WriteFinding(finding);
  });
  Progress progress;
  ProcessAllocations allocations;
  const int64_t begin = NowNs();
  const auto finish = [&] {
    file->WriteSummary(plan, board, injector, (NowNs() - begin) / kNsPerMs);
  };
  // A target may lack what the workload or its model needs; other refusals are mistakes of the
  // plan.
  // What was found before is not taken back.
  const auto refuse_run = [&](const Status& status) -> int {
    if (board.findings() > 0) {
      finish();
      return Verdict(board);
    }
    file->Discard();
    const int refused = Refuse(status);
    return status.code() == StatusCode::kUnsupported ? kUnsupported : refused;
  };
  WarmUpSymbolizer();
  InstallSignalHandlers(file->findings_descriptor(), ResultsFile::FindingLine(HiddenWrite()));
  const auto run = [&]() -> Status {
    auto opening = std::make_optional<Phase>(&progress.phases(), "opening the target", "");
    TENTER_ASSIGN_OR_RETURN(auto target, OpenTarget(plan, &injector, flight.get()));
    opening.reset();
    Stage stage{.parameters = plan.parameters,
                .target = *target,
                .injector = injector,
                .flight = *flight,
                .board = board,
                .progress = progress,
                .seed = plan.seed,
                .scratch_dir = directory,
                .watch_parameters = WatchParameters,
                .allocations = &allocations};
    const Status ran = plan.workload->run(stage);
    if (ran.ok()) board.Examine(kLiveness);
    WatchParameters(nullptr, 0);
    const Phase closing(&progress.phases(), "closing the target", "");
    target.reset();
    return ran;
  };
  {
    const Watchdog watchdog(plan.watchdog_ms, &progress, &board, finish,
                            FailingAllocations::SpareThisThread);
    if (const Status ran = run(); !ran.ok()) return refuse_run(ran);
  }
  ReportRaces(&board);
  finish();
  return Verdict(board);
}

int PrintTarget(const char* path) {
  const Result<TargetLibrary> library = TargetLibrary::Load(path);
  if (!library.ok()) return Refuse(library.status());
  events::Tell(TargetJson(*library->table()));
  return kClean;
}

int Run(const char* plan_path, const char* directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error) ||
      !std::filesystem::is_empty(directory, error))
    return Refuse({StatusCode::kInvalidArgument,
                   std::string(directory) + ": must be an existing, empty directory"});
  const Result<RunPlan> plan = ReadRunPlan(plan_path);
  if (!plan.ok()) return Refuse(plan.status());
  return Execute(*plan, directory);
}

}  // namespace
}  // namespace tenter

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "catalogue") == 0) {
    std::printf("%s\n", tenter::CatalogueJson().c_str());
    return 0;
  }
  const bool asks_target = argc == 3 && std::strcmp(argv[1], "target") == 0;
  const bool runs =
      argc == 5 && std::strcmp(argv[1], "run") == 0 && std::strcmp(argv[3], "--out") == 0;
  if (asks_target || runs) {
    tenter::events::Begin();
    const int code = runs ? tenter::Run(argv[2], argv[4]) : tenter::PrintTarget(argv[2]);
    tenter::events::TellEnd(code);
    return code;
  }
  const bool asked = argc == 2 && std::strcmp(argv[1], "--help") == 0;
  std::fputs(tenter::kHelp, asked ? stdout : stderr);
  return asked ? 0 : tenter::kUsage;
}
