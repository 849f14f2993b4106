// Every comparison of Judge is seen to fail once: a program runs on a correct engine, its history
// is falsified in one place, and the contract must be named. It stands above the folders, since it
// needs a run to judge.
#include "fuzz/engine/judge_testing.h"

namespace tenter::fuzz {
namespace {

// ENG-1, ENG-3 to ENG-6, ENG-8, ENG-9: a program without failures. Statements count from 0.
TEST(Judge, SeesBrokenOrderWaitsAndStops) {
  ExpectFound(
      "engine workers 2 vars 3\n"
      "t0: push op1 writes(a)\n"           // 0
      "t0: push op2 reads(a) writes(a)\n"  // 1
      "t0: push op3 reads(a)\n"            // 2
      "t0: wait a\n"                       // 3
      "t0: waitall\n"                      // 4
      "t0: push op4 writes(b)\n"           // 5
      "t0: delete b\n"                     // 6
      "t0: push op5 writes(b)\n"           // 7
      "t0: stop drain\n"                   // 8
      "t0: push op6 writes(a)\n",          // 9
      {
          {"ENG-1", "wrong value read", [](History& h) { h.statements[2].values_read[0] ^= 1; }},
          {"ENG-1", "wrong value at the end", [](History& h) { h.final_vars[0].value ^= 1; }},
          {"ENG-3", "push numbers fall",
           [](History& h) { std::swap(h.statements[0].push_number, h.statements[1].push_number); }},
          {"ENG-3", "two pushes with one number",
           [](History& h) { h.statements[1].push_number = h.statements[0].push_number; }},
          {"ENG-4", "conflicting ops out of order",
           [](History& h) { h.statements[1].body.begin = h.statements[0].body.begin; }},
          {"ENG-3", "conflicting ops out of order",
           [](History& h) { h.statements[2].body.begin = h.statements[0].body.begin; }},
          {"ENG-4", "wrong value read", [](History& h) { h.statements[1].values_read[0] ^= 1; }},
          {"ENG-5", "ran twice", [](History& h) { h.statements[0].runs = 2; }},
          {"ENG-5", "did not run", [](History& h) { h.statements[2].runs = 0; }},
          {"ENG-5", "wrong count: ran", [](History& h) { ++h.counts.ran; }},
          {"ENG-5", "wrong count: live ops", [](History& h) { ++h.counts.live_ops; }},
          {"ENG-5", "bodies outlive their ops", [](History& h) { h.sync_bodies_left = 1; }},
          {"ENG-5", "bodies outlive the engine", [](History& h) { h.bodies_left = 1; }},
          {"ENG-5", "exceptions outlive the engine", [](History& h) { h.exceptions_left = 1; }},
          {"ENG-6", "returned too early",
           [](History& h) { h.statements[3].var.wait.end = h.statements[1].body.begin; }},
          {"ENG-6", "returned too early",
           [](History& h) { h.statements[2].body.end = h.statements[4].span.end + 1; }},
          {"ENG-6", "value not there after a wait",
           [](History& h) { h.statements[3].var.value ^= 1; }},
          {"ENG-8", "accepted a stale handle",
           [](History& h) { h.statements[7].code = StatusCode::kOk; }},
          {"ENG-8", "refused a live handle",
           [](History& h) {
             h.statements[5].code = StatusCode::kStaleHandle;
             h.statements[5].push_number = 0;
           }},
          {"ENG-8", "deleter did not run", [](History& h) { h.statements[6].runs = 0; }},
          {"ENG-8", "conflicting ops out of order",
           [](History& h) { h.statements[6].body.begin = h.statements[5].body.begin; }},
          {"ENG-8", "no stale handle", [](History& h) { h.final_vars[1].code = StatusCode::kOk; }},
          {"ENG-8", "wrong count: live vars", [](History& h) { ++h.counts.live_vars; }},
          {"ENG-9", "accepted after a stop",
           [](History& h) { h.statements[9].code = StatusCode::kOk; }},
          {"ENG-9", "refused without a stop",
           [](History& h) { h.statements[2].code = StatusCode::kStopped; }},
          {"ENG-9", "alive after a stop", [](History& h) { h.statements[8].live_after_stop = 1; }},
          {"ENG-9", "ran after a stop",
           [](History& h) { h.statements[2].body.end = h.statements[8].span.end + 1; }},
          {"ENG-9", "a stop failed",
           [](History& h) { h.statements[8].code = StatusCode::kInternal; }},
          {"ENG-9", "wrong count: cancelled", [](History& h) { ++h.counts.cancelled; }},
          {"ENG-9", "wrong number of pushes", [](History& h) { ++h.counts.pushed; }},
      });
}

// ENG-1: two threads write one var.
TEST(Judge, SeesWritesOfTwoThreadsOutOfOrder) {
  ExpectFound(
      "engine workers 2 vars 1\n"
      "t0: push op1 writes(a)\n"
      "t1: push op2 writes(a)\n",
      {{"ENG-1", "conflicting ops out of order", [](History& h) {
          const bool swapped = h.statements[0].push_number > h.statements[1].push_number;
          h.statements[swapped ? 0 : 1].body.begin = 1;
        }}});
}

// ENG-2: pushes over several vars by several threads have one order, also against time.
TEST(Judge, SeesATornPush) {
  ExpectFound(
      "engine workers 2 vars 2\n"
      "t0: push op1 writes(a b)\n"
      "t1: push op2 writes(b a)\n",
      {{"ENG-2", "conflicting ops out of order",
        [](History& h) {
          const bool swapped = h.statements[0].push_number > h.statements[1].push_number;
          h.statements[swapped ? 0 : 1].body.begin = 1;
        }},
       {"ENG-2", "push numbers fall", [](History& h) {
          const bool swapped = h.statements[0].push_number > h.statements[1].push_number;
          h.statements[swapped ? 0 : 1].span = {1, 2};
          h.statements[swapped ? 1 : 0].span = {3, 4};
        }}});
}

// ENG-7: a wait inside an op.
TEST(Judge, SeesAWaitInsideAnOp) {
  ExpectFound(
      "engine workers 1 vars 1\n"
      "t0: push op1 writes(a)\n"
      "op1: wait a\n"
      "op1: waitall\n",
      {{"ENG-7", "wait inside an op", [](History& h) { h.statements[1].var.caught = {}; }},
       {"ENG-7", "wait inside an op", [](History& h) { h.statements[1].var.caught.text = "op 2"; }},
       {"ENG-7", "wait inside an op", [](History& h) { h.statements[2].caught = {}; }}});
}

// ENG-6: a pusher that waits in a tight loop for what it pushes.
TEST(Judge, SeesBrokenRounds) {
  ExpectFound(
      "engine workers 2 vars 1\n"
      "t0: push op1 writes(a)\n"
      "t0: rounds 5\n"
      "t1: rounds 5\n",
      {{"ENG-6", "value not there after a wait",
        [](History& h) { ++h.statements[1].values_missing; }},
       {"ENG-6", "returned too early", [](History& h) { h.statements[0].body.end = INT64_MAX; }},
       {"ENG-9", "refused without a stop",
        [](History& h) { h.statements[2].code = StatusCode::kStopped; }},
       {"ERR-6", "wrong exception of wait-all",
        [](History& h) { h.statements[1].reported.emplace_back(); }},
       {"ENG-5", "wrong count: ran", [](History& h) { --h.counts.ran; }},
       {"ERR-10", "wrong number of pushes", [](History& h) { ++h.statements[1].pushes; }}});
}

// ENG-10: ready ops by priority, and nobody starves.
TEST(Judge, SeesIgnoredPriorities) {
  ExpectFound(
      "engine workers 1 vars 1 gated\n"
      "t0: push op1 priority 1\n"
      "t0: push op2 priority 2\n",
      {{"ENG-10", "priority ignored",
        [](History& h) { std::swap(h.statements[0].body, h.statements[1].body); }}});
  std::string text = "engine workers 1 vars 1 gated\nt0: push op1 priority -1\n";
  for (int i = 2; i < 90; ++i) text += "t0: push op" + std::to_string(i) + "\n";
  ExpectFound(text, {{"ENG-10", "starved", [](History& h) {
                        h.statements[0].body = {INT64_MAX - 2, INT64_MAX - 1};
                      }}});
}

// ENG-10: each of a few ops has its place, among some that are alike and among others that wait.
TEST(Judge, KnowsTheExactOrderOfReadyOps) {
  std::string few = "engine workers 1 vars 1 gated\n";
  for (int i = 1; i <= 12; ++i)
    few += "t0: push op" + std::to_string(i) + " reads(a) priority " + std::to_string(1 + i % 6) +
           "\n";
  const Lie later = {"ENG-10", "priority ignored",
                     [](History& h) { std::swap(h.statements[0].body, h.statements[5].body); }};
  ExpectFound(few, {later, {"ENG-10", "priority ignored", [](History& h) {
                              std::swap(h.statements[0].body, h.statements[6].body);
                            }}});
  ExpectFound(few + "t0: push op13 writes(a)\n", {later});
}

// ENG-11: two engines that saw different things.
TEST(Judge, SeesEnginesThatDiffer) {
  Program program = Parse(
      "engine workers 2 vars 1\n"
      "t0: push op1 writes(a) throws int\n"
      "t0: wait a\n"
      "t0: waitall\n");
  const History threaded = RunOnce(program);
  program.workers = 0;
  const History naive = RunOnce(program);
  EXPECT_TRUE(JudgeParity(program, naive, threaded).empty());
  for (const auto& falsify : std::vector<std::function<void(History&)>>{
           [](History& h) { h.statements[0].push_number = 7; },
           [](History& h) { h.statements[1].var.caught.type = Type::kStruct; },
           [](History& h) { h.statements[2].reported.clear(); },
           [](History& h) { h.final_vars[0].value ^= 1; }}) {
    History other = threaded;
    falsify(other);
    const std::vector<Finding> findings = JudgeParity(program, naive, other);
    ASSERT_EQ(findings.size(), 1u);
    EXPECT_EQ(findings[0].contract, "ENG-11");
  }
}

// ERR-1 to ERR-7: failures of all kinds, a skip, a heal.
TEST(Judge, SeesBrokenFailures) {
  ExpectFound(
      "engine workers 2 vars 4\n"
      "t0: push op1 writes(a) throws struct\n"            // 0
      "t0: push op2 writes(b) completes now fails int\n"  // 1
      "t0: push op3 reads(a b) writes(c)\n"               // 2: skipped, two roots
      "t0: wait c\n"                                      // 3
      "t0: waitall\n"                                     // 4
      "t0: push op4 writes(a)\n"                          // 5: heals
      "t0: push op5 reads(a) writes(d)\n"                 // 6
      "t0: wait a\n"                                      // 7
      "t0: push op6 writes(a) throws bad_alloc\n"         // 8
      "t0: push op7 reads(d a) writes(a)\n",              // 9: an update of a poisoned var
      {
          {"ERR-1", "failure lost", [](History& h) { h.final_vars[1].failures.clear(); }},
          {"ERR-1", "wrong count: failed", [](History& h) { ++h.counts.failed; }},
          {"ERR-2", "poisoned without a failure",
           [](History& h) { h.final_vars[3].failures = h.final_vars[0].failures; }},
          {"ERR-2", "poison lost", [](History& h) { h.final_vars[2].failures.clear(); }},
          {"ERR-2", "wrong value at the end", [](History& h) { h.final_vars[1].value ^= 1; }},
          {"ERR-3", "ran on a poisoned input", [](History& h) { h.statements[2].runs = 1; }},
          {"ERR-3", "wrong root",
           [](History& h) { std::swap(h.final_vars[2].failures[0], h.final_vars[2].failures[1]); }},
          {"ERR-3", "wrong also", [](History& h) { h.final_vars[2].failures.pop_back(); }},
          {"ERR-3", "wrong count: skipped", [](History& h) { ++h.counts.skipped; }},
          {"ERR-3", "wait saw the wrong state",
           [](History& h) { h.statements[3].var.failures.pop_back(); }},
          {"ERR-4", "ran on a poisoned input", [](History& h) { h.statements[9].runs = 1; }},
          {"ERR-4", "skipped without poison",
           [](History& h) {
             h.statements[6].runs = 0;
             ++h.counts.skipped;
           }},
          {"ERR-5", "wrong exception",
           [](History& h) { h.final_vars[0].caught.type = Type::kRuntimeError; }},
          {"ERR-5", "threw on a healthy var",
           [](History& h) { h.final_vars[3].caught = h.final_vars[0].caught; }},
          {"ERR-5", "wait threw the wrong thing",
           [](History& h) { h.statements[3].var.caught.type = Type::kInt; }},
          {"ERR-5", "wait threw the wrong thing",
           [](History& h) { h.statements[7].var.caught = h.statements[3].var.caught; }},
          {"ERR-6", "report not in push order",
           [](History& h) { std::swap(h.statements[4].reported[0], h.statements[4].reported[1]); }},
          {"ERR-6", "reported twice",
           [](History& h) { h.final_reported.push_back(h.statements[4].reported); }},
          {"ERR-6", "never reported", [](History& h) { h.statements[4].reported.pop_back(); }},
          {"ERR-6", "reported too late",
           [](History& h) {
             h.final_reported.insert(h.final_reported.begin(), h.statements[4].reported);
             h.statements[4].reported.clear();
           }},
          {"ERR-6", "reported without a failure",
           [](History& h) { h.statements[4].reported[0].place = FailurePlace::kDeleter; }},
          {"ERR-7", "wrong context", [](History& h) { h.final_vars[0].context.op = "op9"; }},
          {"ERR-7", "wrong context", [](History& h) { h.final_vars[0].context.thread = "main"; }},
          {"ERR-7", "wrong context", [](History& h) { ++h.statements[3].var.context.push_number; }},
          {"ERR-7", "no context", [](History& h) { h.final_vars[1].has_context = false; }},
          {"ERR-7", "wrong chain", [](History& h) { h.final_vars[1].context.chain.clear(); }},
      });
}

// ERR-8: under run-dependents everything runs.
TEST(Judge, SeesADependentThatDidNotRun) {
  ExpectFound(
      "engine workers 1 policy run vars 2\n"
      "t0: push op1 writes(a) throws int\n"
      "t0: push op2 reads(a) writes(b)\n",
      {{"ERR-8", "did not run", [](History& h) { h.statements[1].runs = 0; }}});
}

// ERR-9: deleters and late bodies that throw.
TEST(Judge, SeesLostFailuresOfDeletersAndLateBodies) {
  ExpectFound(
      "engine workers 1 vars 1\n"
      "t0: delete a deleter throws int\n",
      {{"ERR-9", "never reported", [](History& h) { h.final_reported.clear(); }}});
  ExpectFound(
      "engine workers 1 vars 1\n"
      "t0: push op1 writes(a) completes now then_throws int\n",
      {{"ERR-9", "never reported", [](History& h) { h.final_reported.clear(); }}});
}

// ERR-10: a push without memory, and a worker that cannot start.
TEST(Judge, SeesWhatAllocationLeftBehind) {
  ExpectFound(
      "engine workers 1 vars 1\n"
      "t0: push op1 writes(a) out_of_memory\n"
      "t0: push op2 writes(a)\n",
      {{"ERR-10", "wrong number of pushes", [](History& h) { ++h.counts.pushed; }},
       {"ERR-10", "ran although refused", [](History& h) { h.statements[0].runs = 1; }},
       {"ERR-10", "refused with memory",
        [](History& h) { h.statements[1].code = StatusCode::kResourceExhausted; }},
       {"ERR-10", "accepted without memory",
        [](History& h) { h.statements[0].code = StatusCode::kOk; }}});
  ExpectFound("engine workers 3 vars 1 failing_worker 1\n",
              {{"ERR-10", "a worker that cannot start",
                [](History& h) { h.construction = StatusCode::kOk; }},
               {"ERR-10", "workers left behind", [](History& h) { h.live_workers_left = 1; }}});
}

// ENG-1 to ENG-5, ERR-1: a captured program, replayed. What a replay pushes has its numbers.
TEST(Judge, SeesBrokenReplays) {
  ExpectFound(
      "engine workers 2 vars 2\n"
      "t0: push op1 writes(a) program 1\n"                      // 0
      "t0: push op2 reads(a) writes(b) throws int program 1\n"  // 1
      "t0: replay 1\n"                                          // 2
      "t0: replay 1\n"                                          // 3
      "t0: push op3 reads(a)\n",                                // 4
      {
          {"ENG-1", "wrong value read",
           [](History& h) {
             h.statements[1].replays[1].values_read = h.statements[1].replays[0].values_read;
           }},
          {"ENG-3", "two pushes with one number",
           [](History& h) { h.statements[3].push_number = h.statements[2].push_number; }},
          {"ENG-3", "told another push number", [](History& h) { ++h.statements[4].number; }},
          {"ENG-3", "conflicting ops out of order",
           [](History& h) { h.statements[1].replays[0].body.begin = 1; }},
          {"ENG-5", "ran for no replay", [](History& h) { h.statements[0].replays[1].number = 9; }},
          {"ENG-5", "ran twice",
           [](History& h) {
             h.statements[0].replays[1].number = h.statements[0].replays[0].number;
           }},
          {"ENG-5", "did not run", [](History& h) { h.statements[0].replays.pop_back(); }},
          {"ENG-8", "refused a live handle",
           [](History& h) {
             h.statements[3].code = StatusCode::kStaleHandle;
             h.statements[3].push_number = 0;
           }},
          {"ENG-8", "wrong count: live vars", [](History& h) { ++h.programs_alive; }},
          {"ERR-1", "failure lost", [](History& h) { h.final_vars[1].failures.clear(); }},
          {"ERR-6", "reported twice",
           [](History& h) {
             h.final_reported[0][1].push_number = h.final_reported[0][0].push_number;
           }},
          {"ERR-10", "wrong number of pushes", [](History& h) { ++h.programs_released; }},
      });
}

// ENG-8: a replay is refused when any op of it names a deleted var.
TEST(Judge, SeesAReplayOfADeletedVar) {
  ExpectFound(
      "engine workers 1 vars 2\n"
      "t0: push op1 writes(a) program 1\n"
      "t0: push op2 writes(b) program 1\n"
      "t0: delete b\n"
      "t0: replay 1\n",
      {{"ENG-8", "accepted a stale handle",
        [](History& h) { h.statements[3].code = StatusCode::kOk; }}});
}

// ERR-1, ERR-5 to ERR-7: an op whose handle outlives its deadline.
TEST(Judge, SeesLostDeadlines) {
  ExpectFound(
      "engine workers 2 vars 2\n"
      "t0: push op1 writes(a) times_out\n"      // 0
      "t0: push op2 reads(a) writes(b)\n"       // 1: skipped
      "t0: waitall\n"                           // 2
      "t0: push op3 writes(b) far_deadline\n",  // 3
      {
          {"ERR-1", "failure lost", [](History& h) { h.final_vars[0].failures.clear(); }},
          {"ERR-1", "wrong count: failed", [](History& h) { ++h.counts.failed; }},
          {"ERR-3", "ran on a poisoned input", [](History& h) { h.statements[1].runs = 1; }},
          {"ERR-5", "wrong exception",
           [](History& h) { h.final_vars[0].caught.code = StatusCode::kCompletionDropped; }},
          {"ERR-6", "never reported", [](History& h) { h.statements[2].reported.clear(); }},
          {"ERR-6", "reported too late",
           [](History& h) {
             h.final_reported.push_back(h.statements[2].reported);
             h.statements[2].reported.clear();
           }},
          {"ERR-6", "reported without a failure",
           [](History& h) {
             h.final_reported.push_back(h.statements[2].reported);
             h.final_reported[0][0].place = FailurePlace::kAfterEnd;
           }},
          {"ERR-7", "wrong context",
           [](History& h) { h.final_vars[0].context.place = FailurePlace::kDropped; }},
      });
}

// ERR-11: a scope with a failure, one that was cancelled before an op came, and the engine.
TEST(Judge, SeesBrokenScopes) {
  const auto move_report = [](std::vector<FailureSeen>* from, std::vector<FailureSeen>* to) {
    to->insert(to->end(), from->begin(), from->end());
    from->clear();
  };
  ExpectFound(
      "engine workers 2 vars 3\n"
      "t0: push op1 writes(a) throws int scope 1\n"  // 0
      "t0: push op2 writes(b) throws int\n"          // 1
      "t0: await 1\n"                                // 2
      "t0: waitall\n"                                // 3
      "t0: cancel 2\n"                               // 4
      "t0: push op3 writes(c) scope 2\n",            // 5
      {
          {"ERR-11", "told to the wrong scope",
           [=](History& h) { move_report(&h.statements[2].reported, &h.statements[3].reported); }},
          {"ERR-11", "told to the wrong scope",
           [=](History& h) { move_report(&h.statements[3].reported, &h.statements[2].reported); }},
          {"ERR-6", "never reported", [](History& h) { h.statements[2].reported.clear(); }},
          {"ERR-6", "reported twice",
           [](History& h) { h.final_scopes[0].second = h.statements[2].reported; }},
          {"ERR-11", "ran in a cancelled scope", [](History& h) { h.statements[5].runs = 1; }},
          {"ENG-9", "wrong count: cancelled", [](History& h) { --h.counts.cancelled; }},
      });
}

// ERR-12: an op that blocks until it is cancelled, and one that nobody cancels.
TEST(Judge, SeesBrokenTokens) {
  const std::string text =
      "engine workers 2 vars 2\n"
      "t0: push op1 writes(a) scope 1 blocks\n"
      "t0: push op2 writes(b) scope 2\n"
      "t0: wait b\n"
      "t0: cancel 1\n";
  EXPECT_FALSE(Parse("engine workers 2 vars 1\nt0: push op1 scope 1\n").statements[0].blocks);
  EXPECT_FALSE(ParseProgram(text).ok()) << "it waits for something before it cancels";
  // Other delays in each turn, until the worker takes the op before it is cancelled.
  std::string slow = "t0: push op1 writes(a) scope 1 blocks\n";
  for (int i = 2; i < 10; ++i) slow += "t0: push op" + std::to_string(i) + " writes(b)\n";
  slow += "t0: cancel 1\n";
  History history;
  for (int noise = 1; history.statements.empty() || history.statements[0].runs == 0; ++noise)
    history =
        RunOnce(Parse("engine workers 2 vars 2 noise " + std::to_string(noise) + "\n" + slow));
  EXPECT_TRUE(history.statements[0].cancel_seen);
  EXPECT_EQ(history.statements[0].wakes, 1);
  ExpectFound("engine workers 1 vars 1\nt0: push op1 scope 1 blocks\nop1: cancel 1\n",
              {{"ERR-12", "woken twice", [](History& h) { ++h.statements[0].wakes; }},
               {"ERR-12", "callback outlives its end",
                [](History& h) { h.statements[0].left_inside = true; }},
               {"ERR-12", "callback outlives its end",
                [](History& h) { h.statements[0].wake.end = INT64_MAX; }}});
  ExpectFound("engine workers 2 vars 2\nt0: push op2 writes(b) scope 2\n",
              {{"ERR-12", "token requested without a cancel",
                [](History& h) { h.statements[0].cancel_seen = true; }}});
}

// ERR-1: an op that surely comes too late: the one for which it waits pushes it.
TEST(Judge, SeesBrokenDeadlinesOfOps) {
  const auto ran = [](History& h) { h.statements[1].runs = 1; };
  ExpectFound("engine\nt0: push op1 writes(a) lasts\nop1: push op2 reads(a) short_deadline\n",
              {{"ERR-1", "ran behind its deadline", ran}, {"ERR-1", "late although it ran", ran}});
  // And a wait that knows of its failure too early.
  ExpectFound(
      "engine\nt0: push op1 writes(a) lasts\nt0: push op2 writes(a) short_deadline\nt0: waitall\n",
      {{"ERR-1", "before its deadline", [](History& h) { h.statements[2].ended_ns = 1; }}});
}

// ERR-11: a scope whose deadline passed before an op came, one that has none, and a far one.
TEST(Judge, SeesBrokenDeadlinesOfScopes) {
  ExpectFound(
      "engine workers 2 vars 5\n"
      "t0: timeout 1\n"                    // 0
      "t0: timeout 3 far\n"                // 1
      "t0: expired 1\n"                    // 2
      "t0: push op1 writes(a) scope 1\n"   // 3: cancelled
      "t0: push op2 writes(b) scope 2\n"   // 4
      "t0: push op3 writes(c) scope 3\n"   // 5
      "t0: push op4 writes(d)\n"           // 6
      "t0: push op5 writes(e) scope 1\n",  // 7: cancelled
      {
          {"ERR-11", "deadline of a scope forgotten",
           [](History& h) { h.statements[2].expired = false; }},
          {"ERR-11", "deadline of a scope refused",
           [](History& h) { h.statements[0].code = StatusCode::kResourceExhausted; }},
          {"ERR-11", "ran in a cancelled scope", [](History& h) { h.statements[3].runs = 1; }},
          {"ERR-11", "cancelled for two reasons",
           [](History& h) { h.final_vars[0].failures[0].caught.code = StatusCode::kStopped; }},
          {"ERR-11", "wrong exception",
           [](History& h) { h.final_vars[0].caught.code = StatusCode::kStopped; }},
          {"ENG-5", "did not run", [](History& h) { h.statements[4].runs = 0; }},
          {"ENG-5", "did not run", [](History& h) { h.statements[5].runs = 0; }},
          {"ENG-5", "did not run", [](History& h) { h.statements[6].runs = 0; }},
          {"ERR-12", "token requested without a cancel",
           [](History& h) { h.statements[5].cancel_seen = true; }},
          {"ENG-9", "wrong count: cancelled", [](History& h) { --h.counts.cancelled; }},
      });
}

// ERR-11: of a deadline and a cancel the first gives the code.
TEST(Judge, KnowsWhetherDeadlineOrCancelCameFirst) {
  ExpectFound(
      "engine workers 1 vars 1\n"
      "t0: timeout 1\n"
      "t0: expired 1\n"
      "t0: cancel 1\n"
      "t0: push op1 writes(a) scope 1\n",
      {{"ERR-11", "wrong exception",
        [](History& h) { h.final_vars[0].caught.code = StatusCode::kStopped; }}});
  ExpectFound(
      "engine workers 1 vars 1\n"
      "t0: cancel 1\n"
      "t0: timeout 1\n"
      "t0: push op1 writes(a) scope 1\n",
      {{"ERR-11", "wrong exception",
        [](History& h) { h.final_vars[0].caught.code = StatusCode::kDeadlineExceeded; }}});
}

// ERR-11: the ops of a replay are in its scope: told to it, and cancelled with it.
TEST(Judge, SeesAReplayThatForgetsItsScope) {
  ExpectFound(
      "engine workers 2 vars 1\n"
      "t0: push op1 writes(a) throws int program 1\n"  // 0
      "t0: replay 1 scope 1\n"                         // 1
      "t0: await 1\n"                                  // 2
      "t0: replay 1\n"                                 // 3
      "t0: waitall\n"                                  // 4
      "t0: cancel 2\n"                                 // 5
      "t0: replay 1 scope 2\n",                        // 6
      {
          {"ERR-11", "told to the wrong scope",
           [](History& h) { std::swap(h.statements[2].reported, h.statements[4].reported); }},
          {"ERR-6", "never reported", [](History& h) { h.statements[2].reported.clear(); }},
          {"ENG-5", "ran for no replay", [](History& h) { h.statements[0].replays[0].number = 9; }},
          {"ERR-11", "ran in a cancelled scope",
           [](History& h) {
             h.statements[0].replays.push_back(h.statements[0].replays[0]);
             h.statements[0].replays.back().number = h.statements[6].push_number;
           }},
      });
}

// ERR-5, ERR-7: a wait that may have seen either of two failures that throw alike, one in the log
// of the engine and one in that of a scope, which FailureOf does not know.
TEST(Judge, AcceptsEitherOfTwoFailuresThatThrowAlike) {
  const Program program = Parse(
      "engine workers 2 vars 1\n"
      "t0: push op1 writes(a) throws int program 1\n"  // 0
      "t0: replay 1\n"                                 // 1
      "t0: replay 1 scope 1\n"                         // 2
      "t1: wait a\n");                                 // 3
  History history = RunOnce(program);
  VarSeen& seen = history.statements[3].var;
  // Whatever the wait saw in truth: its call lay over both replays.
  seen.await = seen.wait = {1, INT64_MAX};
  seen.code = StatusCode::kOk;
  seen.failures = history.final_vars[0].failures;
  seen.caught = history.final_vars[0].caught;
  seen.has_context = false;
  for (const Finding& finding : Judge(program, history))
    ADD_FAILURE() << finding.contract << " " << finding.kind << ": " << finding.detail;
}

// ENG-5: racing ops end in one of the ways that they can, and everything else fits it.
TEST(Judge, SeesBrokenRaces) {
  ExpectFound(
      "engine workers 2 vars 2\n"
      "t0: push op1 writes(a) race_drops\n"
      "t0: push op2 reads(a) writes(b)\n"
      "t0: waitall\n",
      {
          {"ERR-1", "failure lost", [](History& h) { h.final_vars[0].failures.clear(); }},
          {"ERR-6", "never reported", [](History& h) { h.statements[2].reported.clear(); }},
          {"ERR-6", "reported without a failure",
           [](History& h) { h.statements[2].reported[0].place = FailurePlace::kBody; }},
          {"ERR-1", "wrong count: failed", [](History& h) { ++h.counts.failed; }},
          {"ERR-3", "ran on a poisoned input", [](History& h) { h.statements[1].runs = 1; }},
      });
}

// Op 1 runs while its body looks, and op 2 waits for what it writes.
TEST(Judge, SeesWrongLooks) {
  const auto looked = [](History& h) -> std::vector<LookedOp>& { return h.statements[2].looked; };
  const auto of = [looked](History& h, const char* name) -> LookedOp& {
    for (LookedOp& op : looked(h))
      if (op.name == name) return op;
    throw std::out_of_range(name);
  };
  ExpectFound(
      "engine workers 1 vars 1\n"
      "t0: push op1 writes(a)\n"
      "op1: push op2 reads(a)\n"
      "op1: look\n",
      {{"ENG-5", "a look missed an op", [looked](History& h) { looked(h).clear(); }},
       {"ENG-5", "a look missed an op", [of](History& h) { of(h, "op2").number = 77; }},
       {"ERR-7", "a look named another op", [of](History& h) { of(h, "op2").name = "op3"; }},
       {"ENG-5", "a look saw a running op wait",
        [of](History& h) { of(h, "op1").has_started = false; }},
       {"ENG-1", "a look saw an op wait for nothing",
        [of](History& h) { of(h, "op2").waits_for.clear(); }}});
}

// Two pushers, and a crowd beside one: what bulks and the crowd told.
TEST(Judge, SeesLostBulksAndCrowds) {
  ExpectFound(
      "engine workers 2 vars 2\n"
      "t0: push op1 writes(a) bulk 2\n"  // 0
      "t0: push op2 writes(a) bulk 2\n"  // 1
      "t1: push op3 writes(b) bulk 2\n",
      {{"ENG-5", "did not run",
        [](History& h) { h.statements[1].runs = 0, h.statements[1].number = 0; }},
       {"ENG-3", "push numbers fall",
        [](History& h) { std::swap(h.statements[0].number, h.statements[1].number); }}});
  ExpectFound(
      "engine workers 2 vars 1 crowd 2\n"
      "t0: push op1 writes(a)\n",
      {{"ENG-8", "a crowd saw it",
        [](History& h) { h.crowd.contract = "ENG-8", h.crowd.wrong = "lost"; }},
       {"ENG-5", "wrong count: ran", [](History& h) { ++h.counts.ran; }},
       {"ENG-8", "wrong count: live vars", [](History& h) { ++h.crowd.vars_left; }},
       {"ERR-10", "wrong number of pushes", [](History& h) { ++h.crowd.pushes; }}});
}

}  // namespace
}  // namespace tenter::fuzz
