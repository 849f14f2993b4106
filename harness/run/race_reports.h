// RaceReports: what ThreadSanitizer reported in this process, as findings with stable signatures.
//
// Path: sanitizer runtime -> __tsan_on_report (race_reports.cc) -> ReportRaces at the end of the
//    run -> CheckBoard.
//
// Thread safety: the hook runs under the sanitizer's own lock; ReportRaces on the main thread,
//   when the workload's threads have ended.
// Ownership and lifetime: the hook can only reach static storage; it keeps the first kReportsKept
//    reports.
// Invariants: the hook allocates nothing and calls no intercepted function. The signature is made
//   of the functions that the two accesses stand in, inlined ones too and of any library, without
//   addresses and threads.
// Errors: outside the tsan flavour the check has no power and says so.
#pragma once

#include "harness/checks/check_board.h"

namespace tenter {

// Starts the sanitizer's symbolizer, whose pipes would else look like descriptors that were left
// behind by the target. Call it before anything is counted.
void WarmUpSymbolizer();

void ReportRaces(CheckBoard* board);

}  // namespace tenter
