// As judge_test.cc, of ops in bulks: each lie about what became of them is found.
#include "fuzz/engine/judge_testing.h"

namespace tenter::fuzz {
namespace {

// ENG-1 to ENG-3, ENG-6, ERR-2: ops that one thread pushes in a bulk.
TEST(Judge, SeesBrokenBulks) {
  ExpectFound(
      "engine workers 2 vars 2\n"
      "t0: push op1 writes(a) throws int bulk 4\n"  // 0
      "t0: push op2 writes(b) bulk 4\n"             // 1
      "t0: push op3 reads(b) bulk 4\n"              // 2
      "t0: wait b\n"                                // 3
      "t0: push op4 reads(b)\n"                     // 4
      "t0: push op5 reads(a) bulk 4\n",             // 5: skipped
      {
          {"ENG-1", "wrong value read", [](History& h) { h.statements[2].values_read[0] ^= 1; }},
          {"ENG-3", "two pushes with one number",
           [](History& h) { h.statements[4].push_number = 3; }},
          {"ENG-3", "told another push number", [](History& h) { ++h.statements[1].number; }},
          {"ENG-3", "conflicting ops out of order",
           [](History& h) { h.statements[2].body.begin = 1; }},
          {"ENG-5", "did not run", [](History& h) { h.statements[2].runs = 0; }},
          {"ENG-6", "returned too early",
           [](History& h) { h.statements[1].body.end = h.statements[3].span.end + 1; }},
          {"ENG-8", "refused a live handle",
           [](History& h) { h.statements[1].code = StatusCode::kStaleHandle; }},
          {"ERR-2", "poisoned without a failure",
           [](History& h) { h.final_vars[1].failures = h.final_vars[0].failures; }},
          {"ERR-3", "ran on a poisoned input", [](History& h) { h.statements[5].runs = 1; }},
          {"ERR-7", "wrong context", [](History& h) { ++h.final_vars[0].context.push_number; }},
          {"ERR-10", "wrong number of pushes", [](History& h) { ++h.counts.pushed; }},
      });
}

// ENG-5, ENG-8: an op of a bulk is refused, since its var is deleted, and those beside it run.
TEST(Judge, SeesWhatIsLostBesideARefusedOp) {
  const StatusCode stale = StatusCode::kStaleHandle;
  ExpectFound(
      "engine workers 2 vars 2\n"
      "t0: push op1 writes(b) bulk 4\n"               // 0
      "t0: delete a\n"                                // 1: flushes
      "t0: push op2 writes(b) bulk 4\n"               // 2
      "t0: push op3 reads(b) writes(a) bulk 4\n"      // 3: refused
      "t0: push op4 reads(b) bulk 4\n"                // 4
      "t0: push op5 reads(a) completes now bulk 4\n"  // 5: alone, refused at once
      "t0: push op6 reads(b) bulk 2\n",
      {
          {"ENG-5", "lost beside a refused op", [](History& h) { --h.counts.pushed; }},
          {"ERR-10", "wrong number of pushes", [](History& h) { ++h.counts.pushed; }},
          {"ENG-5", "ran although refused", [](History& h) { h.statements[3].runs = 1; }},
          {"ENG-5", "did not run", [](History& h) { h.statements[4].runs = 0; }},
          {"ENG-8", "accepted a stale handle",
           [](History& h) { h.statements[5].code = StatusCode::kOk; }},
          {"ENG-8", "wrong answer of a flush",
           [](History& h) { h.statements[5].flushed = StatusCode::kOk; }},
          {"ENG-8", "wrong answer of a flush",
           [](History& h) { h.statements[5].flushed = StatusCode::kStopped; }},
          {"ENG-8", "wrong answer of a flush",
           [stale](History& h) { h.statements[6].flushed = stale; }},
      });
}

// ENG-9: a stop flushes a bulk, and what comes after it does not run.
TEST(Judge, SeesABulkThatAStopForgot) {
  ExpectFound(
      "engine workers 2 vars 1\n"
      "t0: push op1 writes(a) bulk 4\n"  // 0
      "t0: stop drain\n"                 // 1
      "t0: push op2 writes(a) bulk 4\n"  // 2
      "t0: push op3 writes(a) bulk 4\n",
      {
          {"ENG-5", "did not run", [](History& h) { h.statements[0].runs = 0; }},
          {"ENG-5", "ran although refused", [](History& h) { h.statements[2].runs = 1; }},
          {"ENG-9", "alive after a stop", [](History& h) { h.statements[1].live_after_stop = 1; }},
          {"ENG-9", "wrong number of pushes", [](History& h) { ++h.counts.pushed; }},
          {"ENG-9", "wrong answer of a flush",
           [](History& h) { h.statements[3].flushed = StatusCode::kOk; }},
      });
}

}  // namespace
}  // namespace tenter::fuzz
