// SoakLedger: what the process holds at the end of each round of a soak, and what of that grew.
//
// Path: Soak::Round, when every thread has ended and every model but one is freed -> AddQuiet;
// between the lives of threads -> AddBusy; at the end -> Judge.
//
// Free memory that an allocator keeps is no leak, and how much it keeps depends on which threads
// met. So the allocator of glibc has one heap here, not one for each few threads, and is asked to
// give back its free pages before memory is read. A page with one block in it stays, in either
// case: nothing that was leaked goes away. With many heaps, whose ends are not given back, 40 MB
// that do not grow wander by 6 MB; with one heap 19 MB by 1 to 2 MB.
//
// Blocks are counted in the allocator itself, so that a small leak does not hide in whole pages.
//
// Thread safety: the thread that runs the soak.
// Ownership and lifetime: one per soak; borrows the stage. Its room is taken before the first
//   round, so that it does not grow itself. The process keeps the one heap to its end.
// Invariants: what is judged is the last half of the rounds; the first is warm-up.
// Errors: what grew is a finding of the leak check.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/checks/process_census.h"
#include "harness/workloads/workload.h"

namespace tenter {

class SoakLedger {
 public:
  // For so many rounds.
  SoakLedger(const Stage& stage, size_t rounds);

  void AddQuiet();
  // Kept is the most of each round; reads the process at most ten times a second.
  void AddBusy();
  void Judge() const;

 private:
  // One number of each round.
  struct Series {
    std::string_view name;  // in findings and in the report: "descriptors"
    std::string_view contract;
    std::vector<int64_t> samples;
  };
  void CheckMemory() const;
  // More than `most` over the last half is a leak.
  void Check(const Series& series, int64_t most) const;
  void Expose(const char* name, const Series& series) const;
  ProcessCensus Settled() const;

  const Stage& stage_;
  Series memory_{"kb of memory", "COP-2", {}};  // in pages of no file, behind the trim
  Series blocks_{"blocks of memory", "COP-2", {}};
  Series threads_{"threads", "COP-4", {}};
  Series descriptors_{"descriptors", "COP-4", {}};
  Series mappings_{"mappings", "COP-4", {}};
  // These are told, and not judged.
  Series resident_{"kb resident", "", {}};  // with the pages of files
  Series untrimmed_{"kb before the trim", "", {}};
  Series busy_{"kb in full flow", "", {}};  // the most of each round
  int64_t busy_kb_ = 0;                     // of this round
  int64_t looked_ns_ = 0;
};

}  // namespace tenter
