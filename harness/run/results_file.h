// ResultsFile: what a run leaves behind: findings.jsonl, summary.json, and progress events.
//
// Thread safety: every method from any thread; lines are written whole.
// Ownership and lifetime: one per run; the files stay open until it ends.
// Invariants: a finding is on disk when WriteFinding returns, so that a crash afterwards does not
//    lose it.
// Errors: Open names the file that cannot be written; later write errors end the process with
//   exit code 70, because a result that is silently incomplete is worse than none.
#pragma once

#include <memory>
#include <string>

#include "harness/checks/check_board.h"
#include "harness/faults/injector.h"
#include "harness/run/run_plan.h"

namespace tenter {

class ResultsFile {
 public:
  // REQUIRES: `directory` exists.
  static Result<std::unique_ptr<ResultsFile>> Open(const std::string& directory);
  ~ResultsFile();
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;

  // Removes what was opened, and the flight file: a run that was refused leaves nothing behind.
  void Discard();
  void WriteFinding(const Finding& finding) EXCLUDES(mutex_);
  // A finding as one line of JSON, with '\n'.
  static std::string FindingLine(const Finding& finding);
  void WriteSummary(const RunPlan& plan, const CheckBoard& board, const Injector& injector,
                    int64_t duration_ms);
  // One progress event.
  static void PrintProgress(const Progress& progress);

  std::string flight_path() const { return directory_ + "/flight.bin"; }

  // For the signal handler, which must not allocate.
  int findings_descriptor() const { return descriptor_; }

 private:
  ResultsFile(std::string directory, int descriptor)
      : directory_(std::move(directory)), descriptor_(descriptor) {}

  const std::string directory_;
  const int descriptor_;
  Mutex mutex_;
};

// The catalogue of workloads, checks, sites and saboteurs, as JSON text.
std::string CatalogueJson();

// The name, version and limits that a target gives itself.
std::string TargetJson(const tgt_target& target);

}  // namespace tenter
