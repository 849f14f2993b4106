#include "harness/workloads/workload.h"

#include "harness/faults/nearest.h"

namespace tenter {

std::span<const WorkloadType> Workloads() {
  static const std::vector<WorkloadType> workloads = {
      ConcurrentInference(), SoakOfModels(),          EngineProgram(),
      IteratorEpochs(),      SkippedRowsTold(),       LazyRejection(),
      ModelWithoutMemory(),  IteratorWithoutMemory(), ProgramWithoutMemory()};
  return workloads;
}

Result<const WorkloadType*> FindWorkload(std::string_view kind) {
  std::vector<std::string> known;
  for (const WorkloadType& workload : Workloads()) {
    if (workload.kind == kind) return &workload;
    known.emplace_back(workload.kind);
  }
  return Status(StatusCode::kInvalidArgument,
                "unknown workload '" + std::string(kind) + "'" + DidYouMean(kind, known));
}

}  // namespace tenter
