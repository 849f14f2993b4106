// RunPlan: a scenario with every default filled in; all that a runner needs to know.
//
// Path: scenario.toml -> (driver) run plan, JSON -> ReadRunPlan -> workload.
//
// Thread safety: a value, read-only after ReadRunPlan.
// Ownership and lifetime: owns its text.
// Invariants: names of workload, parameters, checks and saboteur exist; parameters are complete
//    and in bounds.
// Errors: kInvalidArgument, kNotFound, kDataLoss or kUnsupported, one line that names the key and
//    the nearest match.
#pragma once

#include <string>
#include <vector>

#include "harness/workloads/workload.h"

namespace tenter {

inline constexpr int kRunPlanVersion = 1;

struct RunPlan {
  std::string scenario;
  std::string flavour;
  std::string target_name;
  std::string target_library;
  std::string saboteur;  // empty: none
  const WorkloadType* workload = nullptr;
  Parameters parameters;
  std::string faults;
  std::vector<std::string> checks;
  uint64_t seed = 1;
  int64_t watchdog_ms = 30000;
};

Result<RunPlan> ReadRunPlan(const std::string& path);

// The flavour that this binary was built in: release, gcc, probe, tsan or asan.
std::string_view BuiltFlavour();

}  // namespace tenter
