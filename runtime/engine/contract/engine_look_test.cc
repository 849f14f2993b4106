// What one can see of an engine from outside: snapshots, the dump of a watchdog, and traces.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/engine/contract/engine_fixture.h"

namespace tenter {
namespace {

// An engine of one worker that stands still: a writer runs, a reader and a writer wait.
class StuckEngine : public testing::Test {
 protected:
  void SetUp() override {
    v_ = engine_->NewVar().value();
    Push("holds \"v\"", {}, {v_}, [this] { running_.Open(), release_.Wait(); });
    running_.Wait();
    Push("reads", {v_}, {}, [] {});
    Push("writes", {}, {v_}, [] {});
  }
  void TearDown() override {
    release_.Open();
    engine_->WaitForAll();
  }
  void Push(std::string name, std::vector<Var> reads, std::vector<Var> writes,
            std::function<void()> body) {
    engine_
        ->Push({.name = name,
                .reads = reads,
                .writes = writes,
                .body = [run = std::move(body)](const OpContext&) { run(); }})
        .value();
  }

  Gate running_, release_;
  std::unique_ptr<Engine> engine_ = MakeEngine({.workers = 1});
  Var v_;
};

TEST_F(StuckEngine, SnapshotNamesWhoRunsAndWhoWaits) {
  const EngineSnapshot snapshot = engine_->Snapshot();
  EXPECT_EQ(snapshot.live_ops, 3u);
  ASSERT_EQ(snapshot.ops.size(), 3u);
  EXPECT_EQ(snapshot.ops[0].state, "is running");
  EXPECT_EQ(snapshot.ops[2].name, "writes");
  EXPECT_EQ(snapshot.ops[2].waits_for, std::vector<uint32_t>{v_.index});
  ASSERT_EQ(snapshot.vars.size(), 1u);
  EXPECT_TRUE(snapshot.vars[0].writing);
  EXPECT_EQ(snapshot.vars[0].queued, 2u);
  const std::string json = snapshot.ToJson();
  EXPECT_NE(json.find("{\"name\":\"holds \\\"v\\\"\",\"push\":1,\"state\":\"is running\""),
            std::string::npos)
      << json;
}

// The name is cut after 31 bytes, in the middle of a character.
TEST(EngineLook, JsonStaysValidWhateverNamesAre) {
  Gate running, release;  // outlive the engine, whose worker uses them to the end of the body
  const auto engine = MakeEngine({.workers = 1});
  engine
      ->Push({.name = "0123456789 0123456789 01234567\xc3\xa9",
              .body = [&](const OpContext&) { running.Open(), release.Wait(); }})
      .value();
  running.Wait();
  EXPECT_NE(engine->Snapshot().ToJson().find("01234567\\ufffd\""), std::string::npos);
  release.Open();
}

// ERR-7: a node of a program is named, not only the replay that it belongs to.
TEST(EngineLook, SnapshotNamesTheNodesOfAProgram) {
  HandleBox box;
  const auto engine = MakeEngine({.workers = 1});
  Recording recording;
  const Var v = engine->NewVar().value();
  recording.Push({.name = "stuck", .writes = {v}, .body = [&](const OpContext&, Completion done) {
                    box.Put(std::move(done));
                  }});
  const ProgramPtr program = engine->Capture(std::move(recording)).value();
  engine->Replay(program).value();
  Completion handle = box.Take();
  EXPECT_NE(engine->Describe().find("op 'stuck' (push 1)"), std::string::npos)
      << engine->Describe();
  handle.Done();
  engine->WaitForVar(v);
}

int g_pipe[2];
Engine* g_engine;

// A watchdog may be a signal handler: it interrupts any thread and must not lock or allocate.
TEST_F(StuckEngine, DumpWorksInsideASignalHandler) {
  ASSERT_EQ(pipe(g_pipe), 0);
  g_engine = engine_.get();
  struct sigaction action = {}, before = {};
  action.sa_handler = [](int) { g_engine->DumpTo(g_pipe[1]); };
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  ASSERT_EQ(raise(SIGUSR1), 0);
  ASSERT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
  close(g_pipe[1]);
  std::string text(4096, ' ');
  const ssize_t size = read(g_pipe[0], text.data(), text.size());
  close(g_pipe[0]);
  ASSERT_GT(size, 0);
  text.resize(static_cast<size_t>(size));
  EXPECT_NE(text.find("3 live ops"), std::string::npos) << text;
  EXPECT_NE(text.find("worker 0 runs 'holds \"v\"'"), std::string::npos) << text;
  EXPECT_NE(text.find("op 'writes' (push 3) waits for 1 vars"), std::string::npos) << text;
  EXPECT_NE(text.find("v0: 0 readers, a writer; behind them: push 2 push 3"), std::string::npos)
      << text;
}

// A look from outside while everything moves: nothing to check but that it comes back, and the
// sanitizers' silence.
TEST(EngineLook, SnapshotsOfABusyEngine) {
  const auto engine = MakeEngine({.workers = 2});
  std::vector<Var> vars;
  for (int i = 0; i < 4; ++i) vars.push_back(engine->NewVar().value());
  Thread pusher;
  Atomic<bool> done = false;
  ASSERT_TRUE(pusher
                  .Start("pusher",
                         [&] {
                           for (int i = 0; i < 20000; ++i)
                             engine
                                 ->Push({.name = i % 2 == 0 ? "short"
                                                            : "a name that is longer than "
                                                              "what a block keeps inside",
                                         .reads = {vars[i % 3]},
                                         .writes = {vars[3]},
                                         .body = [](const OpContext&) {}})
                                 .value();
                           done.Store(true, kRelaxed);
                         })
                  .ok());
  uint64_t looks = 0;
  const int null = open("/dev/null", O_WRONLY);
  while (!done.Load(kRelaxed) || looks < 10) {
    EXPECT_FALSE(engine->Snapshot().ToJson().empty());
    engine->DumpTo(null);
    ++looks;
  }
  close(null);
  engine->WaitForAll();
}

TEST(EngineLook, TraceShowsBodiesAndWhatTheyWaitedFor) {
  for (const int workers : {0, 2}) {
    Tracer tracer;
    {
      const auto engine = MakeEngine({.workers = workers, .tracer = &tracer});
      const Var v = engine->NewVar().value();
      Gate pushed;
      engine
          ->Push({.name = "first",
                  .writes = {v},
                  .body =
                      [&](const OpContext&) {
                        if (workers > 0) pushed.Wait();
                      }})
          .value();
      engine
          ->Push({.name = "second",
                  .reads = {v},
                  .body = [](const OpContext&, Completion done) { done.Done(); }})
          .value();
      pushed.Open();
      engine->WaitForAll();
    }
    const std::string json = tracer.ToJson();
    EXPECT_NE(json.find("\"name\":\"first\""), std::string::npos) << json;
    EXPECT_NE(json.find("\"name\":\"second\""), std::string::npos) << json;
    EXPECT_EQ(json.find("\"ph\":\"s\"") != std::string::npos, workers > 0) << json;
  }
}

class EngineLook : public EngineTest {};
TENTER_INSTANTIATE_ENGINES(EngineLook);

// The last replay of a program frees its ops, perhaps while somebody looks at what workers run.
TEST_P(EngineLook, ProgramsMayGoWhileTheyAreLookedAt) {
  Atomic<bool> stop = false;
  Thread watcher;
  const auto watch = [&] {
    const int nowhere = open("/dev/null", O_WRONLY);
    while (!stop.Load(kRelaxed)) {
      engine_->DumpTo(nowhere);
      for (const std::string& name : engine_->Snapshot().workers)
        EXPECT_TRUE(name.empty() || name == "node" || name.starts_with("delete v")) << name;
    }
    close(nowhere);
  };
  ASSERT_TRUE(watcher.Start("watcher", watch).ok());
  const Var v = NewVar();
  for (int i = 0; i < 2000; ++i) {
    Recording recording;
    for (int k = 0; k < 3; ++k)
      recording.Push({.name = "node", .writes = {v}, .body = [](const OpContext&) {}});
    const ProgramPtr program = engine_->Capture(std::move(recording)).value();
    engine_->Replay(program).value();
  }
  engine_->WaitForAll();
  stop.Store(true, kRelaxed);
  watcher.Join();
}

}  // namespace
}  // namespace tenter
