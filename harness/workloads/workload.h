// WorkloadType and Stage: what a workload is, and what it is given to run.
//
// Path: run plan -> WorkloadType::run(stage) -> target; the checks report to stage.board.
//
// Thread safety: run is called once, on the main thread; it may start threads and joins them.
// Ownership and lifetime: a Stage borrows everything; types are static.
// Invariants: a workload arms the injector after its set-up, reports only to the board, and
//    leaves nothing running.
// Errors: run returns a Status for what keeps it from starting (a model that does not load: the
//   caller's mistake); broken contracts are findings, never a Status.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/checks/check_board.h"
#include "harness/faults/allocation_faults.h"
#include "harness/faults/injector.h"
#include "harness/flight/flight.h"
#include "harness/target/target_library.h"
#include "harness/workloads/parameters.h"
#include "harness/workloads/progress.h"

namespace tenter {

struct Stage {
  const Parameters& parameters;
  const TargetInstance& target;
  Injector& injector;
  Flight& flight;
  CheckBoard& board;
  Progress& progress;
  uint64_t seed;
  std::string scratch_dir;  // for files that the workload makes; exists, and is its own
  // Tells the process where sealed parameters lie: a fault there is a hidden write, not a crash.
  void (*watch_parameters)(const void* data, size_t size_bytes);
  AllocationFaults* allocations;  // null where the process cannot make its allocations fail
};

struct WorkloadType {
  std::string_view kind;
  std::string_view meaning;
  uint32_t groups;  // of the target that it needs: TGT_ENGINE | ...
  std::vector<ParameterType> parameters;
  std::vector<std::string_view> checks;   // that it feeds; the default of a scenario
  std::vector<std::string_view> exposes;  // all that it counts, whatever its parameters are
  Status (*run)(Stage& stage);
};

// Every workload, in the order of the catalogue.
std::span<const WorkloadType> Workloads();

// The workload of this kind; kInvalidArgument names the nearest match.
Result<const WorkloadType*> FindWorkload(std::string_view kind);

// One function per kind, each in its own file.
WorkloadType ConcurrentInference();
WorkloadType SoakOfModels();
WorkloadType EngineProgram();
WorkloadType IteratorEpochs();
WorkloadType SkippedRowsTold();
WorkloadType LazyRejection();
WorkloadType ModelWithoutMemory();
WorkloadType IteratorWithoutMemory();
WorkloadType ProgramWithoutMemory();

}  // namespace tenter
