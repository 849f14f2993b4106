// The oracles themselves: they must see what they are for.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "harness/workloads/collisions.h"
#include "harness/workloads/inference/inference_errors.h"
#include "harness/workloads/programs/calm_program.h"
#include "harness/workloads/programs/completer.h"
#include "harness/workloads/programs/program.h"
#include "harness/workloads/rows/bad_rows_file.h"
#include "harness/workloads/workload.h"

namespace tenter {
namespace {

class Board {
 public:
  CheckBoard board{{"determinism", "error_exactness", "dependency_order"},
                   [this](const Finding& finding) { seen.insert(finding.what); }};
  std::set<std::string> seen;
};

ProgramOp Op(std::string name, std::vector<uint32_t> reads, std::vector<uint32_t> writes,
             uint64_t push, int64_t begin, int64_t end) {
  ProgramOp op;
  op.name = std::move(name);
  op.reads = std::move(reads);
  op.writes = std::move(writes);
  op.push_number = push;
  op.begin = begin;
  op.end = end;
  return op;
}

std::set<std::string> OrderFindings(const std::vector<ProgramOp>& ops) {
  Board board;
  std::vector<const ProgramOp*> order;
  for (const ProgramOp& op : ops) order.push_back(&op);
  CheckOrder(order, 4, &board.board);
  return board.seen;
}

TEST(DependencyOrder, AcceptsReadsTogetherAndWritesApart) {
  EXPECT_TRUE(OrderFindings({Op("w", {}, {0}, 1, 1, 2), Op("r1", {0}, {1}, 2, 3, 6),
                             Op("r2", {0}, {2}, 3, 4, 5), Op("w2", {}, {0}, 4, 7, 8)})
                  .empty());
}

TEST(DependencyOrder, SeesEachKindOfOverlap) {
  const std::set<std::string> overlap = {"conflicting ops overlap"};
  EXPECT_EQ(OrderFindings({Op("w", {}, {0}, 1, 1, 4), Op("w2", {}, {0}, 2, 3, 5)}), overlap);
  EXPECT_EQ(OrderFindings({Op("w", {}, {0}, 1, 1, 4), Op("r", {0}, {1}, 2, 2, 3)}), overlap);
  EXPECT_EQ(OrderFindings({Op("r", {0}, {1}, 1, 1, 4), Op("w", {}, {0}, 2, 2, 3)}), overlap);
  // Push order turned round, without overlap.
  EXPECT_EQ(OrderFindings({Op("w", {}, {0}, 1, 3, 4), Op("w2", {}, {0}, 2, 1, 2)}), overlap);
}

TEST(Expectation, SkipsPoisonsAndHealsLikeTheContracts) {
  std::vector<ProgramOp> ops = {Op("a", {}, {0}, 1, 0, 0), Op("b", {0}, {1}, 2, 0, 0),
                                Op("c", {}, {0}, 3, 0, 0), Op("d", {1}, {2}, 4, 0, 0)};
  ops[0].throws = true;
  std::vector<const ProgramOp*> order;
  for (const ProgramOp& op : ops) order.push_back(&op);
  const Expectation skip = Expect(order, 3, false, {});
  EXPECT_EQ(skip.vars[0].root, nullptr);  // healed by c
  EXPECT_EQ(skip.vars[1].root, &ops[0]);
  EXPECT_EQ(skip.vars[2].root, &ops[0]);
  EXPECT_EQ(skip.ran.size(), 2u);
  EXPECT_EQ(Expect(order, 3, true, {}).ran.size(), 4u);
  EXPECT_EQ(Expect(order, 3, false, {{"c", "tag"}}).roots.size(), 2u);
}

TEST(GenerateProgram, DependsOnTheSeedAlone) {
  const ProgramOptions options{.threads = 2, .ops_per_thread = 50, .fail_percent = 20, .seed = 9};
  const auto a = GenerateProgram(options), b = GenerateProgram(options);
  for (int t = 0; t < 2; ++t)
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(a[t][i].reads, b[t][i].reads);
      EXPECT_EQ(a[t][i].throws, b[t][i].throws);
    }
  EXPECT_TRUE(std::any_of(a[0].begin(), a[0].end(), [](const auto& op) { return op.throws; }));
}

// The aftermath: whatever was left behind, all values are known, since every var is written first.
TEST(CalmProgram, WritesEveryVarBeforeItIsRead) {
  const std::vector<ProgramOp> program = CalmProgram(6, 40);
  ASSERT_EQ(program.size(), 46u);
  std::set<uint32_t> written;
  for (const ProgramOp& op : program) {
    for (const uint32_t var : op.reads) EXPECT_TRUE(written.contains(var)) << op.name;
    written.insert(op.writes.begin(), op.writes.end());
    EXPECT_FALSE(op.throws || op.async || op.drops);
    EXPECT_EQ(op.name.rfind("calm.", 0), 0u) << "the name of an op in which a fault may have fired";
  }
  EXPECT_EQ(written.size(), 6u);
}

tgt_error Error(tgt_code code, const char* message) {
  tgt_error error = {};
  error.code = code;
  std::snprintf(error.message, sizeof(error.message), "%s", message);
  return error;
}

FiredFault Fault(uint64_t number, int64_t request) {
  FiredFault fault;
  fault.number = number;
  fault.site = "cached_op.node.run";
  fault.request = request;
  fault.action = kActionThrow;
  fault.message = "boom " + fault.tag();
  return fault;
}

std::set<std::string> ErrorFindings(const std::vector<tgt_error>& errors,
                                    const std::vector<FiredFault>& fired) {
  Board board;
  InferenceErrors collected(&board.board, true);
  for (const tgt_error& error : errors) collected.Add(error);
  collected.Match(fired);
  return board.seen;
}

TEST(InferenceErrors, MatchesErrorsToFaults) {
  const tgt_error right = Error(TGT_INTERNAL, "request 7: node 'a': boom [injected fault 1]");
  EXPECT_TRUE(ErrorFindings({right}, {Fault(1, 7)}).empty());
  // A second fault in the same request cannot be told: the first one was.
  EXPECT_TRUE(ErrorFindings({right}, {Fault(1, 7), Fault(2, 7)}).empty());
}

TEST(InferenceErrors, AnErrorOfANodeNamesIt) {
  FiredFault fault = Fault(1, 7);
  fault.op = "conv1";
  EXPECT_TRUE(
      ErrorFindings({Error(TGT_INTERNAL, "request 7: node 'conv1': boom [injected fault 1]")},
                    {fault})
          .empty());
  EXPECT_EQ(ErrorFindings({Error(TGT_INTERNAL, "request 7: boom [injected fault 1]")}, {fault}),
            std::set<std::string>{"an error does not name its node"});
  // A message that is full has lost its end.
  const std::string full = "request 7: " + std::string(2000, 'x');
  fault.message.clear();
  EXPECT_TRUE(ErrorFindings({Error(TGT_INTERNAL, full.c_str())}, {fault}).empty());
}

// It was asked to end early, and says so; that a fault struck it as well nobody is told.
TEST(InferenceErrors, AWithdrawnRequestMayHaveHadAFault) {
  for (const int64_t request : {7, 8}) {
    Board board;
    InferenceErrors errors(&board.board, true);
    errors.AddWithdrawn(Error(TGT_STOPPED, "request 7: it was cancelled"));
    errors.Match({Fault(1, request)});
    EXPECT_EQ(board.seen.empty(), request == 7);
  }
}

// bad_alloc and exceptions without a message are told by their request and their code.
TEST(InferenceErrors, MatchesErrorsWithoutAMessage) {
  FiredFault silent = Fault(1, 7);
  silent.message.clear();
  EXPECT_TRUE(ErrorFindings({Error(TGT_INTERNAL, "request 7: node 'a': int")}, {silent}).empty());
  EXPECT_EQ(ErrorFindings({Error(TGT_DATA_LOSS, "request 7: node 'a': int")}, {silent}).size(), 2u);
  silent.action = kActionBadAlloc;
  EXPECT_TRUE(ErrorFindings({Error(TGT_RESOURCE_EXHAUSTED, "request 7: x")}, {silent}).empty());
}

// An engine knows of no request: the other fault may have struck the one that failed already.
TEST(InferenceErrors, LetsAnEngineFaultShareARequest) {
  FiredFault body = Fault(2, -1);
  body.site = "engine.op.body";
  const tgt_error right = Error(TGT_INTERNAL, "request 7: node 'a': boom [injected fault 1]");
  EXPECT_TRUE(ErrorFindings({right}, {Fault(1, 7), body}).empty());
  EXPECT_EQ(ErrorFindings({}, {body}).count("lost error at engine.op.body"), 1u);
  EXPECT_EQ(ErrorFindings({}, {Fault(1, 7), body}).size(), 2u) << "nothing failed at all";
  FiredFault worker = body;
  worker.site = "engine.worker.start";
  EXPECT_EQ(ErrorFindings({right}, {Fault(1, 7), worker}).size(), 1u) << "it strikes no request";
}

// All who wait for a plan are told why there is none; of memory each is told once.
TEST(InferenceErrors, LetsACompilationFailForAllWhoWait) {
  FiredFault plan = Fault(1, -1), arena = Fault(2, -1);
  plan.site = "cached_op.plan.compile";
  arena.site = "cached_op.arena.acquire";
  plan.action = arena.action = kActionBadAlloc;
  plan.message = arena.message = "";
  const tgt_error error = Error(TGT_RESOURCE_EXHAUSTED, "out of memory");
  EXPECT_TRUE(ErrorFindings({error, error, error}, {plan}).empty());
  EXPECT_TRUE(ErrorFindings({error, error}, {plan, arena}).empty());
  EXPECT_EQ(ErrorFindings({error, error}, {arena}).size(), 1u);
}

// Somebody's own message goes before a lack of memory, which has none and may be called internal.
TEST(InferenceErrors, TakesAMessageForItsOwnFault) {
  FiredFault push = Fault(1, -1), plan = Fault(2, -1);
  push.site = "engine.push.allocate";
  push.action = kActionBadAlloc;
  push.message = "";
  plan.site = "cached_op.plan.compile";
  const tgt_error thrown = Error(TGT_INTERNAL, "boom [injected fault 2]");
  const tgt_error short_of_memory = Error(TGT_RESOURCE_EXHAUSTED, "out of memory");
  EXPECT_TRUE(ErrorFindings({thrown, short_of_memory}, {push, plan}).empty());
  EXPECT_TRUE(ErrorFindings({Error(TGT_INTERNAL, "out of memory"), thrown}, {push, plan}).empty());
}

// Of no request: an engine tells of it at WaitForAll, where InferenceRemains counts.
TEST(InferenceErrors, LeavesDeletersToTheEngine) {
  FiredFault fault = Fault(1, -1);
  fault.site = "engine.var.deleter";
  EXPECT_TRUE(ErrorFindings({}, {fault}).empty());
}

TEST(InferenceErrors, KnowsADroppedCompletionByItsCode) {
  FiredFault fault = Fault(1, -1);
  fault.action = kActionDropCompletion;
  fault.message = "";
  const tgt_error right = Error(TGT_COMPLETION_DROPPED, "request 7: node 'a': completion dropped");
  EXPECT_TRUE(ErrorFindings({right}, {fault}).empty());
  EXPECT_FALSE(ErrorFindings({Error(TGT_INTERNAL, "request 7: x")}, {fault}).empty());
}

TEST(InferenceErrors, SeesLostForeignAndUncausedErrors) {
  using Set = std::set<std::string>;
  EXPECT_EQ(ErrorFindings({}, {Fault(1, 7)}), Set{"lost error at cached_op.node.run"});
  EXPECT_EQ(
      ErrorFindings({Error(TGT_INTERNAL, "request 8: boom [injected fault 1]")}, {Fault(1, 7)}),
      Set{"error at the wrong request"});
  EXPECT_EQ(ErrorFindings({Error(TGT_INTERNAL, "request 8: strange")}, {}),
            Set{"error without a cause"});
}

// Requests of several ops share their numbers: nobody is blamed for the fault of a namesake, and
// one failure excuses one fault.
TEST(InferenceErrors, TellsRequestsOfSeveralOpsApart) {
  const auto silent = [](uint64_t number, const char* op) {
    FiredFault fault = Fault(number, 7);
    fault.op = op;
    fault.action = kActionBadAlloc;
    fault.message = "";
    return fault;
  };
  const tgt_error conv = Error(TGT_RESOURCE_EXHAUSTED, "request 7: node 'conv1': out of memory");
  const tgt_error relu = Error(TGT_RESOURCE_EXHAUSTED, "request 7: node 'relu1': out of memory");
  const tgt_error nobody = Error(TGT_RESOURCE_EXHAUSTED, "request 7: out of memory");
  const std::vector<FiredFault> both = {silent(1, "relu1"), silent(2, "conv1")};
  using Set = std::set<std::string>;
  InferenceErrors::Ops ops = InferenceErrors::Ops::kSeveral;
  const auto findings = [&ops](const std::vector<tgt_error>& errors,
                               const std::vector<FiredFault>& fired) {
    Board board;
    InferenceErrors collected(&board.board, true, ops);
    for (const tgt_error& error : errors) collected.Add(error);
    collected.Match(fired);
    return board.seen;
  };
  EXPECT_EQ(findings({conv, relu}, both), Set{});
  EXPECT_EQ(findings({relu, conv}, both), Set{});
  EXPECT_EQ(findings({conv}, both), Set{}) << "one failed: it may have had both";
  EXPECT_EQ(findings({conv}, {both[0], both[1], silent(3, "relu1")}),
            Set{"lost error at cached_op.node.run"});
  EXPECT_EQ(findings({relu, nobody}, both), Set{"an error does not name its node"});
  const tgt_error tenth = Error(TGT_RESOURCE_EXHAUSTED, "request 7: node 'conv10': out of memory");
  EXPECT_EQ(findings({tenth, conv}, {silent(1, "conv1"), silent(2, "conv10")}), Set{})
      << "one name begins as the other";
  const std::string name(255, 'y');
  const tgt_error whole =
      Error(TGT_RESOURCE_EXHAUSTED, ("request 7: node '" + name + "y': out of memory").c_str());
  EXPECT_EQ(findings({whole}, {silent(1, name.c_str())}), Set{}) << "a hit has 255 of 256";
  const tgt_error longer = Error(TGT_RESOURCE_EXHAUSTED, "request 7: node 'a.conv1': no memory");
  EXPECT_EQ(findings({longer}, {silent(1, "conv1")}), Set{"an error does not name its node"});
  EXPECT_EQ(findings({tenth}, {silent(1, "conv1")}), Set{"an error does not name its node"});
  const std::vector<FiredFault> three = {both[0], both[1], silent(3, "pool")};
  EXPECT_EQ(findings({conv}, three), Set{"lost error at cached_op.node.run"});
  ops = InferenceErrors::Ops::kSeveralAtOnce;
  EXPECT_EQ(findings({conv}, three), Set{}) << "one request may have had all three";
  EXPECT_EQ(findings({}, three), Set{"lost error at cached_op.node.run"});
}

TEST(InferenceErrors, RefusalMustNameBothShapes) {
  Board board;
  InferenceErrors errors(&board.board, false);
  errors.CheckRefusal(Error(TGT_INVALID_ARGUMENT, "input 'x': expected f[?,8], found f[1,7]"));
  EXPECT_TRUE(board.seen.empty());
  errors.CheckRefusal(Error(TGT_INVALID_ARGUMENT, "bad shape"));
  EXPECT_EQ(board.seen.size(), 1u);
}

// The lines of the file that hold exactly three numbers.
std::vector<int64_t> LinesOfThreeNumbers(const std::string& path) {
  std::vector<int64_t> lines;
  std::ifstream file(path);
  std::string text;
  for (int64_t line = 1; std::getline(file, text); ++line) {
    std::istringstream row(text);
    double a = 0, b = 0, c = 0;
    char comma = 0;
    if (row >> a >> comma >> b >> comma >> c && row.get() == EOF) lines.push_back(line);
  }
  return lines;
}

// What the file says about itself is what stands in it, and depends on the seed alone.
// Jobs are handed on whole, each runs once, and those of one thread in its order.
TEST(Completer, RunsEveryJobOnce) {
  constexpr int kThreads = 4, kJobs = 500;
  std::vector<std::vector<int>> ran(kThreads);  // written by the completer's thread alone
  {
    Completer completer;
    ASSERT_TRUE(completer.Start().ok());
    std::vector<Thread> threads(kThreads);
    for (int t = 0; t < kThreads; ++t)
      ASSERT_TRUE(threads[t]
                      .Start("adder",
                             [&, t] {
                               for (int i = 0; i < kJobs; ++i) {
                                 // Read by the job: what its adder did comes before it.
                                 auto mine = std::make_shared<int>(i);
                                 completer.Add([&ran, t, mine] { ran[t].push_back(*mine); });
                               }
                             })
                      .ok());
    for (Thread& thread : threads) thread.Join();
  }
  for (const std::vector<int>& jobs : ran) {
    ASSERT_EQ(jobs.size(), size_t{kJobs});
    EXPECT_TRUE(std::is_sorted(jobs.begin(), jobs.end()));
  }
}

TEST(InFlightGauge, KnowsTheMost) {
  InFlightGauge gauge;
  gauge.Enter();
  gauge.Leave(gauge.Enter());
  gauge.Enter();
  EXPECT_EQ(gauge.max(), 2);
  std::vector<Thread> threads(4);
  for (Thread& thread : threads)
    ASSERT_TRUE(thread
                    .Start("caller",
                           [&] {
                             for (int i = 0; i < 1000; ++i) {
                               gauge.Leave(gauge.Enter());
                             }
                           })
                    .ok());
  for (Thread& thread : threads) thread.Join();
  EXPECT_GE(gauge.max(), 3);
  EXPECT_LE(gauge.max(), 6);
  const int64_t before = gauge.max();
  for (int64_t i = 0; i < before; ++i) gauge.Enter();  // beside the two that are inside
  EXPECT_EQ(gauge.max(), before + 2);
}

// Whoever was inside at some moment of a visit is among its others, and nobody else is.
TEST(InFlightGauge, KnowsTheOthersOfAVisit) {
  InFlightGauge gauge;
  EXPECT_EQ(gauge.Leave(gauge.Enter()), 0) << "alone";
  EXPECT_EQ(gauge.Leave(gauge.Enter()), 0) << "one behind the other";
  const auto first = gauge.Enter();
  const auto second = gauge.Enter();
  EXPECT_EQ(gauge.Leave(second), 1) << "the first was there before";
  EXPECT_EQ(gauge.Leave(gauge.Enter()), 1);
  EXPECT_EQ(gauge.Leave(first), 2) << "both came since, and are gone";
  EXPECT_EQ(gauge.Leave(gauge.Enter()), 0);
}

TEST(BadRowsFile, KnowsItsLines) {
  const std::string path = testing::TempDir() + "bad_rows_" + std::to_string(getpid()) + ".csv";
  std::set<std::vector<int64_t>> arrangements;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const BadRowsOptions options{.rows = 40, .columns = 3, .bad_rows = 15, .seed = seed};
    const BadRowsFile file = BadRowsFile::Write(path, options).value();
    EXPECT_EQ(LinesOfThreeNumbers(path), file.good_lines()) << "seed " << seed;
    EXPECT_EQ(file.bad_lines().size(), 15u) << "seed " << seed;
    EXPECT_EQ(file.GoodBefore(41) + file.BadBefore(41), 40) << "seed " << seed;
    EXPECT_EQ(BadRowsFile::Write(path, options).value().bad_lines(), file.bad_lines());
    arrangements.insert(file.bad_lines());
  }
  EXPECT_GT(arrangements.size(), 15u);
  EXPECT_EQ(BadRowsFile::Write(path, {.rows = 3, .columns = 1, .bad_rows = 3}).status().message(),
            "workload: bad_rows is 3 of 3 rows: no row would be good");
  std::remove(path.c_str());
}

TEST(Parameters, AreStrict) {
  const WorkloadType* workload = FindWorkload("engine_program").value();
  Parameters wrong_name;
  wrong_name.Set("thread", int64_t{1});
  EXPECT_EQ(wrong_name.Check(workload->parameters).message(),
            "workload: unknown parameter 'thread', did you mean 'threads'?");
  Parameters zero;
  zero.Set("threads", int64_t{0});
  EXPECT_EQ(zero.Check(workload->parameters).message(),
            "workload: parameter 'threads': expected at least 1, found 0");
  const WorkloadType* soak = FindWorkload("soak").value();
  Parameters more_than_all;
  more_than_all.Set("wrong_percent", int64_t{101});
  EXPECT_EQ(more_than_all.Check(soak->parameters).message(),
            "workload: parameter 'wrong_percent': expected at most 100, found 101");
  Parameters text;
  text.Set("threads", std::string("many"));
  EXPECT_EQ(text.Check(workload->parameters).message(),
            "workload: parameter 'threads': expected integer, found string");
  EXPECT_EQ(FindWorkload("engin_program").status().message(),
            "unknown workload 'engin_program', did you mean 'engine_program'?");
}

// The first op in push order that did not begin was never granted, whatever the target says.
TEST(Standstill, NamesTheContractOfTheOpThatNeverBegan) {
  const auto op = [](uint64_t number, std::vector<uint32_t> reads, std::vector<uint32_t> writes,
                     int64_t begin) {
    ProgramOp made;
    made.push_number = number;
    made.reads = std::move(reads);
    made.writes = std::move(writes);
    made.begin = begin;
    return made;
  };
  using Program = std::vector<std::vector<ProgramOp>>;
  const ProgramOp ran = op(1, {}, {0}, 1), plain = op(2, {0}, {1}, 0), twice = op(2, {0}, {0}, 0);
  EXPECT_EQ(ContractOfStandstill(Program{{ran, plain}}, false), "ENG-1");
  EXPECT_EQ(ContractOfStandstill(Program{{ran, twice}}, false), "ENG-4");
  EXPECT_EQ(ContractOfStandstill(Program{{ran, plain}}, true), "ENG-6") << "it may be skipped";
  EXPECT_EQ(ContractOfStandstill(Program{{ran}}, false), "ENG-6") << "a wait sleeps on";
  EXPECT_EQ(ContractOfStandstill(Program{{ran}, {op(0, {}, {0}, 0)}}, false), "ENG-2 ENG-6");
}

}  // namespace
}  // namespace tenter
