// What needs C++ to test of the C API: freeing under use, programs and bulks used by several
// threads, pinned workers, probes, and parity of the code tables.
#include <gtest/gtest.h>
#include <sched.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "runtime/base/atomic.h"
#include "runtime/base/status.h"
#include "runtime/base/thread.h"
#include "runtime/capi/tenter/tenter.h"
#include "runtime/capi/tenter/testing.h"

namespace tenter {
namespace {

tenter_engine_options TwoWorkers() {
  tenter_engine_options options = {};
  options.workers = 2;
  return options;
}

class CApi : public testing::Test {
 protected:
  void SetUp() override { Make(nullptr, nullptr); }
  void TearDown() override {
    if (context_ != nullptr) tenter_context_free(context_);
  }
  void Make(tenter_probe_fn probe, void* self, const tenter_engine_options& engine = TwoWorkers()) {
    if (context_ != nullptr) tenter_context_free(context_);
    const tenter_testing_options options{sizeof(options), probe, self};
    ASSERT_EQ(tenter_testing_context_create(&options, &context_, &error_), TENTER_OK);
    ASSERT_EQ(tenter_engine_create(context_, &engine, &engine_, &error_), TENTER_OK);
    ASSERT_EQ(tenter_var_create(context_, engine_, &var_, &error_), TENTER_OK);
  }
  tenter_op Writes(tenter_code (*run)(void*, const tenter_op_context*, tenter_error*), void* arg) {
    tenter_op op = {};
    op.name = "op";
    op.writes = &var_;
    op.write_count = 1;
    op.run = run;
    op.arg = arg;
    return op;
  }

  tenter_context* context_ = nullptr;
  tenter_engine engine_ = nullptr;
  tenter_var var_ = {};
  tenter_error error_ = {};
};

TEST_F(CApi, CodesAndNamesAreThoseOfStatus) {
  for (int i = 0; i <= TENTER_DEADLINE_EXCEEDED; ++i)
    EXPECT_EQ(tenter_code_name(static_cast<tenter_code>(i)),
              StatusCodeName(static_cast<StatusCode>(i)));
  EXPECT_STREQ(tenter_code_name(99), "unknown");
}

// A handle of one kind is none of another, for the compiler too.
static_assert(!std::is_convertible_v<tenter_bulk, tenter_engine>);
static_assert(!std::is_convertible_v<tenter_engine, tenter_cached_op>);
static_assert(!std::is_same_v<tenter_program, tenter_recording>);

// What is cast all the same is refused, as is what was freed.
TEST_F(CApi, AHandleOfAnotherKindIsStale) {
  const auto as_bulk = reinterpret_cast<tenter_bulk>(engine_);
  EXPECT_EQ(tenter_bulk_flush(context_, as_bulk, &error_), TENTER_STALE_HANDLE);
  EXPECT_NE(std::string(error_.message).find("is no bulk"), std::string::npos);
  EXPECT_EQ(tenter_bulk_free(context_, as_bulk, &error_), TENTER_STALE_HANDLE);
  EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_OK);
}

// All zero is an engine with a worker for each processor that the process may use.
TEST_F(CApi, AnEngineOfZerosUsesWhatTheProcessMay) {
  Make(nullptr, nullptr, {});
  size_t needed = 0;
  ASSERT_EQ(
      tenter_engine_snapshot(context_, engine_, TENTER_SNAPSHOT_TEXT, nullptr, 0, &needed, &error_),
      TENTER_OK);
  std::string text(needed, ' ');
  ASSERT_EQ(tenter_engine_snapshot(context_, engine_, TENTER_SNAPSHOT_TEXT, text.data(), needed,
                                   nullptr, &error_),
            TENTER_OK);
  const std::string workers = std::to_string(ProcessorCount()) + " workers";
  EXPECT_NE(text.find(workers), std::string::npos) << text;
}

// ERR-5: a callback in C++ may throw; its type and message arrive as values.
TEST_F(CApi, ThrownTypeArrivesAsAValue) {
  const tenter_op op = Writes([](void*, const tenter_op_context*,
                                 tenter_error*) -> tenter_code { throw std::out_of_range("boom"); },
                              nullptr);
  ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
  EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_INTERNAL);
  EXPECT_STREQ(error_.type, "std::out_of_range");
  EXPECT_NE(std::string(error_.message).find("boom"), std::string::npos);
}

// ERR-5: what went wrong stands at the end, behind the names of ops and models.
TEST_F(CApi, AMessageThatIsTooLongLosesItsMiddle) {
  for (const size_t length : {1000, 1006, 1007, 1008, 1009, 5000}) {
    std::string text = "begin" + std::string(length, 'x') + "the end.";
    const tenter_op op = Writes(
        [](void* arg, const tenter_op_context*, tenter_error*) -> tenter_code {
          throw std::out_of_range(*static_cast<std::string*>(arg));
        },
        &text);
    ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
    EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_INTERNAL);
    const std::string told = error_.message;
    EXPECT_LT(told.size(), sizeof(error_.message));
    EXPECT_TRUE(told.ends_with("the end.")) << told;
    EXPECT_NE(told.find("begin"), std::string::npos) << told;
    EXPECT_EQ(told.find(" ... ") == std::string::npos, told.find(text) != std::string::npos)
        << length;
  }
}

// ERR-5: a callback that says nothing beside its code says nothing of what ran before it there.
TEST_F(CApi, ACodeWithoutAMessageHasNone) {
  const auto run = [](void* loud, const tenter_op_context*, tenter_error* error) -> tenter_code {
    if (loud == nullptr) return TENTER_DATA_LOSS;
    std::memset(error->type, 'x', sizeof(error->type) - 1);
    std::memset(error->message, 'x', sizeof(error->message) - 1);
    return TENTER_OK;
  };
  for (int i = 0; i < 20; ++i)
    for (void* const loud : {static_cast<void*>(this), static_cast<void*>(nullptr)}) {
      const tenter_op op = Writes(run, loud);
      ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
    }
  EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_DATA_LOSS);
  std::vector<tenter_failure> failures(20);
  size_t count = 0;
  ASSERT_EQ(tenter_wait_for_all(context_, engine_, failures.data(), 20, &count, &error_),
            TENTER_OK);
  ASSERT_EQ(count, 20u);
  for (const tenter_failure& failure : failures)
    EXPECT_EQ(std::string(failure.error.message).find("xx"), std::string::npos);
}

// ERR-6, ERR-7: only the last 256 reported failures are kept for questions.
TEST_F(CApi, ChainsOfTheLastReportedFailuresAreKnown) {
  constexpr size_t kFailures = 300, kKept = 256;
  const tenter_op op = Writes([](void*, const tenter_op_context*,
                                 tenter_error*) -> tenter_code { return TENTER_DATA_LOSS; },
                              nullptr);
  for (size_t i = 0; i < kFailures; ++i)
    ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
  std::vector<tenter_failure> failures(kFailures);
  size_t count = 0;
  ASSERT_EQ(tenter_wait_for_all(context_, engine_, failures.data(), kFailures, &count, &error_),
            TENTER_OK);
  ASSERT_EQ(count, kFailures);
  for (size_t i = 0; i < kFailures; ++i)
    EXPECT_EQ(tenter_failure_chain(context_, engine_, &failures[i], nullptr, 0, &count, nullptr),
              i < kFailures - kKept ? TENTER_NOT_FOUND : TENTER_OK)
        << i;
}

// The last reference to an engine may be dropped inside one of its own ops.
TEST_F(CApi, EngineMayBeFreedInsideItsOwnOp) {
  struct Arg {
    tenter_context* context;
    tenter_engine engine;
    Atomic<int> code = -1;
  } arg{context_, engine_};
  const tenter_op op = Writes(
      [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
        auto* a = static_cast<Arg*>(p);
        a->code.Store(tenter_engine_free(a->context, a->engine, nullptr), kRelease);
        return TENTER_OK;
      },
      &arg);
  ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
  while (arg.code.Load(kAcquire) < 0) {
  }
  EXPECT_EQ(arg.code.Load(kAcquire), TENTER_OK);
  EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_STALE_HANDLE);
}

// What the ops of a program share in the tests below.
struct Counts {
  tenter_context* context;
  tenter_program program = nullptr;
  Atomic<int> ran = 0, released = 0;
  Atomic<int> freed = -1;
};

class CApiProgram : public CApi {
 protected:
  // Records `ops` ops that update the var, and count themselves.
  void Record(int ops) {
    tenter_op op = Writes(
        [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
          static_cast<Counts*>(p)->ran.FetchAdd(1, kRelaxed);
          return TENTER_OK;
        },
        &counts_);
    op.release = [](void* p) { static_cast<Counts*>(p)->released.FetchAdd(1, kRelease); };
    for (int i = 0; i < ops; ++i)
      EXPECT_EQ(tenter_recording_push(context_, recording_, &op, nullptr), TENTER_OK);
  }
  void Capture() {
    ASSERT_EQ(tenter_capture(context_, engine_, recording_, &counts_.program, &error_), TENTER_OK);
  }
  void SetUp() override {
    CApi::SetUp();
    counts_.context = context_;
    ASSERT_EQ(tenter_recording_create(context_, &recording_, &error_), TENTER_OK);
  }

  Counts counts_ = {};
  tenter_recording recording_ = nullptr;
};

int AllowedProcessors() {
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof(allowed), &allowed) == 0 ? CPU_COUNT(&allowed) : -1;
}

TEST_F(CApi, WorkersMayBePinned) {
  for (const bool pin : {false, true}) {
    tenter_engine_options options = TwoWorkers();
    options.pin_workers = pin;
    Make(nullptr, nullptr, options);
    Atomic<int> processors = 0;
    const tenter_op op = Writes(
        [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
          static_cast<Atomic<int>*>(p)->Store(AllowedProcessors(), kRelease);
          return TENTER_OK;
        },
        &processors);
    ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
    ASSERT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_OK);
    EXPECT_EQ(processors.Load(kAcquire), pin ? 1 : AllowedProcessors());
  }
}

// ENG-7: on a worker, a wait in `release` is one inside the op.
TEST_F(CApi, AReleaseThatWaitsIsRefused) {
  struct Arg {
    tenter_context* context;
    tenter_engine engine;
    Atomic<int> code = -1;
  } arg{context_, engine_};
  tenter_op op = Writes(
      [](void*, const tenter_op_context*, tenter_error*) -> tenter_code { return TENTER_OK; },
      &arg);
  op.release = [](void* p) {
    auto* a = static_cast<Arg*>(p);
    size_t count = 0;
    a->code.Store(tenter_wait_for_all(a->context, a->engine, nullptr, 0, &count, nullptr),
                  kRelease);
  };
  ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
  ASSERT_EQ(tenter_engine_stop(context_, engine_, 0, &error_), TENTER_OK);
  EXPECT_EQ(arg.code.Load(kAcquire), TENTER_WAIT_INSIDE_OP);
}

// An engine that is freed inside its own op goes on recording in its trace, until the context goes.
TEST_F(CApi, ARetiredEngineKeepsItsTrace) {
  tenter_engine_options options = TwoWorkers();
  ASSERT_EQ(tenter_trace_create(context_, &options.trace, &error_), TENTER_OK);
  ASSERT_EQ(tenter_engine_create(context_, &options, &engine_, &error_), TENTER_OK);
  struct Arg {
    tenter_context* context;
    tenter_engine engine;
    tenter_trace trace;
    Atomic<int> failed = -1;
  } arg{context_, engine_, options.trace};
  tenter_op op = Writes(
      [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
        auto* a = static_cast<Arg*>(p);
        const tenter_code freed = tenter_trace_free(a->context, a->trace, nullptr);
        a->failed.Store(freed | tenter_engine_free(a->context, a->engine, nullptr), kRelease);
        return TENTER_OK;
      },
      &arg);
  op.write_count = 0;
  ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
  while (arg.failed.Load(kAcquire) < 0) {
  }
  EXPECT_EQ(arg.failed.Load(kAcquire), TENTER_OK);
}

// The ops of an engine that was freed inside one of them may use the context until it is gone.
TEST_F(CApi, AnOpOfARetiredEngineUsesTheContextWhileThatGoes) {
  for (int round = 0; round < 20; ++round) {
    struct Arg {
      tenter_context* context = nullptr;
      tenter_engine engine = nullptr;
      Atomic<bool> pushed = false, freed = false, going = false;
    } arg;
    ASSERT_EQ(tenter_context_create(nullptr, &arg.context, &error_), TENTER_OK);
    const tenter_engine_options options = TwoWorkers();
    ASSERT_EQ(tenter_engine_create(arg.context, &options, &arg.engine, &error_), TENTER_OK);
    tenter_op op = {};
    op.arg = &arg;
    op.run = [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
      auto* a = static_cast<Arg*>(p);
      // Not before, or the push may be the last call that uses the engine, and would drain it.
      while (!a->pushed.Load(kAcquire)) {
      }
      tenter_engine_free(a->context, a->engine, nullptr);
      a->freed.Store(true, kRelease);
      while (!a->going.Load(kAcquire)) {
      }
      tenter_engine_counts counts = {};
      for (int i = 0; i < 2000; ++i)
        if (tenter_engine_get_counts(a->context, a->engine, &counts, nullptr) !=
            TENTER_STALE_HANDLE)
          return TENTER_INTERNAL;
      return TENTER_OK;
    };
    ASSERT_EQ(tenter_push(arg.context, arg.engine, &op, nullptr, &error_), TENTER_OK);
    arg.pushed.Store(true, kRelease);
    while (!arg.freed.Load(kAcquire)) {
    }
    arg.going.Store(true, kRelease);
    tenter_context_free(arg.context);
  }
}

// A scope whose last use ends inside an op of its engine does not wait there for its ops.
TEST_F(CApi, AScopeMayBeFreedUnderThePushesOfItsOps) {
  struct Arg {
    tenter_context* context;
    tenter_engine engine;
    tenter_scope scope;
    Atomic<int> pushed = 0, released = 0;
  };
  for (int round = 0; round < 100; ++round) {
    Arg arg{context_, engine_, nullptr};
    ASSERT_EQ(tenter_scope_create(context_, engine_, &arg.scope, &error_), TENTER_OK);
    tenter_op op = Writes(
        [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
          auto* a = static_cast<Arg*>(p);
          tenter_op inner = {};
          inner.name = "inner";
          inner.scope = a->scope;
          inner.run = [](void*, const tenter_op_context*, tenter_error*) -> tenter_code {
            return TENTER_OK;
          };
          inner.arg = a;
          inner.release = [](void* q) { static_cast<Arg*>(q)->released.FetchAdd(1, kRelaxed); };
          tenter_code code = TENTER_OK;
          while (code == TENTER_OK) {
            code = tenter_push(a->context, a->engine, &inner, nullptr, nullptr);
            a->pushed.FetchAdd(1, kRelaxed);
          }
          return code == TENTER_STALE_HANDLE ? TENTER_OK : code;
        },
        &arg);
    op.write_count = 0;
    ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
    while (arg.pushed.Load(kRelaxed) < 1 + round % 7) SpinPause();
    ASSERT_EQ(tenter_scope_free(context_, arg.scope, &error_), TENTER_OK);
    // Twice: the first wait ends the outer op, and the second what that had pushed until then.
    for (int wait = 0; wait < 2; ++wait) {
      size_t count = 1;
      ASSERT_EQ(tenter_wait_for_all(context_, engine_, nullptr, 0, &count, &error_), TENTER_OK);
      EXPECT_EQ(count, 0u);
    }
    EXPECT_EQ(arg.released.Load(kAcquire), arg.pushed.Load(kAcquire));
  }
}

// ENG-5, and "exactly once" of release: bulks of several threads, one of them shared, while others
// wait, and free the shared one.
TEST_F(CApi, SeveralThreadsMayUseBulks) {
  struct Arg {
    Atomic<int> ran = 0, released = 0;
  } arg;
  tenter_op op = Writes(
      [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
        static_cast<Arg*>(p)->ran.FetchAdd(1, kRelaxed);
        return TENTER_OK;
      },
      &arg);
  op.release = [](void* p) { static_cast<Arg*>(p)->released.FetchAdd(1, kRelaxed); };
  tenter_bulk shared = nullptr;
  ASSERT_EQ(tenter_bulk_create(context_, engine_, 0, &shared, &error_), TENTER_OK);
  constexpr int kOps = 500;
  Atomic<int> tries = 0, accepted = 0;
  std::vector<Thread> pushers(3);
  for (Thread& pusher : pushers)
    ASSERT_TRUE(
        pusher
            .Start("pusher",
                   [&] {
                     tenter_bulk mine = nullptr;
                     EXPECT_EQ(tenter_bulk_create(context_, engine_, 7, &mine, nullptr), TENTER_OK);
                     for (int i = 0; i < kOps; ++i)
                       for (const tenter_bulk bulk : {mine, shared}) {
                         const tenter_code code = tenter_bulk_push(context_, bulk, &op, nullptr);
                         EXPECT_TRUE(code == TENTER_OK || bulk == shared);
                         tries.FetchAdd(1, kRelaxed);
                         if (code == TENTER_OK) accepted.FetchAdd(1, kRelaxed);
                       }
                     EXPECT_EQ(tenter_bulk_free(context_, mine, nullptr), TENTER_OK);
                   })
            .ok());
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_OK);
  EXPECT_EQ(tenter_bulk_free(context_, shared, &error_), TENTER_OK);
  for (Thread& pusher : pushers) pusher.Join();
  EXPECT_EQ(tenter_engine_stop(context_, engine_, 0, &error_), TENTER_OK);
  EXPECT_EQ(arg.ran.Load(kAcquire), accepted.Load(kAcquire));
  EXPECT_EQ(arg.released.Load(kAcquire), tries.Load(kAcquire));
}

// ENG-6: a bulk that is being freed hides nothing from the wait of another thread, whenever that
// comes.
TEST_F(CApi, AFreedBulkHidesNothingFromAWait) {
  constexpr int kOps = 300, kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    Atomic<int> ran = 0;
    Atomic<bool> pushed = false;
    const tenter_op op = Writes(
        [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
          static_cast<Atomic<int>*>(p)->FetchAdd(1, kRelaxed);
          return TENTER_OK;
        },
        &ran);
    Thread waiter;
    ASSERT_TRUE(waiter
                    .Start("waiter",
                           [&] {
                             while (!pushed.Load(kAcquire)) {
                             }
                             for (int i = 0; i < round * 20; ++i) pushed.Load(kAcquire);
                             size_t count = 0;
                             tenter_wait_for_all(context_, engine_, nullptr, 0, &count, nullptr);
                             EXPECT_EQ(ran.Load(kAcquire), kOps) << "round " << round;
                           })
                    .ok());
    tenter_bulk bulk = nullptr;
    ASSERT_EQ(tenter_bulk_create(context_, engine_, kOps + 1, &bulk, &error_), TENTER_OK);
    for (int i = 0; i < kOps; ++i)
      ASSERT_EQ(tenter_bulk_push(context_, bulk, &op, &error_), TENTER_OK);
    pushed.Store(true, kRelease);
    ASSERT_EQ(tenter_bulk_free(context_, bulk, &error_), TENTER_OK);
    waiter.Join();
  }
}

// ENG-5, and "exactly once" of release, when a program is freed under its replays.
TEST_F(CApiProgram, MayBeFreedUnderItsReplays) {
  constexpr int kOps = 5;
  Record(kOps);
  Capture();
  Atomic<int> replays = 0;
  std::vector<Thread> pushers(3);
  for (Thread& pusher : pushers)
    ASSERT_TRUE(pusher
                    .Start("pusher",
                           [&] {
                             tenter_code code = TENTER_OK;
                             while (true) {
                               code = tenter_replay(context_, counts_.program, nullptr, nullptr,
                                                    nullptr);
                               if (code != TENTER_OK) break;
                               replays.FetchAdd(1, kRelaxed);
                             }
                             EXPECT_EQ(code, TENTER_STALE_HANDLE);
                           })
                    .ok());
  while (replays.Load(kRelaxed) < 100) {
  }
  EXPECT_EQ(tenter_program_free(context_, counts_.program, &error_), TENTER_OK);
  for (Thread& pusher : pushers) pusher.Join();
  EXPECT_EQ(tenter_engine_free(context_, engine_, &error_), TENTER_OK);  // drains
  EXPECT_EQ(counts_.ran.Load(kAcquire), kOps * replays.Load(kRelaxed));
  EXPECT_EQ(counts_.released.Load(kAcquire), kOps);
}

TEST_F(CApiProgram, MayBeFreedInsideItsOwnOp) {
  Record(1);
  tenter_op op = Writes(
      [](void* p, const tenter_op_context*, tenter_error*) -> tenter_code {
        auto* counts = static_cast<Counts*>(p);
        counts->freed.Store(tenter_program_free(counts->context, counts->program, nullptr),
                            kRelease);
        return TENTER_OK;
      },
      &counts_);
  ASSERT_EQ(tenter_recording_push(context_, recording_, &op, &error_), TENTER_OK);
  Record(1);
  Capture();
  ASSERT_EQ(tenter_replay(context_, counts_.program, nullptr, nullptr, &error_), TENTER_OK);
  EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_OK);
  EXPECT_EQ(counts_.freed.Load(kAcquire), TENTER_OK);
  EXPECT_EQ(counts_.ran.Load(kAcquire), 2);
  EXPECT_EQ(tenter_replay(context_, counts_.program, nullptr, nullptr, &error_),
            TENTER_STALE_HANDLE);
  EXPECT_EQ(tenter_engine_free(context_, engine_, &error_), TENTER_OK);
  EXPECT_EQ(counts_.released.Load(kAcquire), 2);
}

// Replays that the context still has when it goes are run, and their program is released.
TEST_F(CApiProgram, GoesWithItsContext) {
  Record(2);
  Capture();
  Record(1);  // never captured
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(tenter_replay(context_, counts_.program, nullptr, nullptr, &error_), TENTER_OK);
  tenter_context_free(context_);
  context_ = nullptr;
  EXPECT_EQ(counts_.ran.Load(kAcquire), 100);
  EXPECT_EQ(counts_.released.Load(kAcquire), 3);
}

// A program that was freed is gone, with its captures, before its last replay has ended.
TEST_F(CApiProgram, ReleasesItsOpsBeforeAWaitForAllReturns) {
  for (int round = 1; round <= 200; ++round) {
    Record(2);
    Capture();
    ASSERT_EQ(tenter_replay(context_, counts_.program, nullptr, nullptr, &error_), TENTER_OK);
    ASSERT_EQ(tenter_program_free(context_, counts_.program, &error_), TENTER_OK);
    size_t count = 0;
    ASSERT_EQ(tenter_wait_for_all(context_, engine_, nullptr, 0, &count, &error_), TENTER_OK);
    ASSERT_EQ(counts_.released.Load(kAcquire), 2 * round);
  }
}

TEST_F(CApiProgram, SeveralThreadsMayRecord) {
  std::vector<Thread> recorders(3);
  for (Thread& recorder : recorders)
    ASSERT_TRUE(recorder.Start("recorder", [&] { Record(100); }).ok());
  for (Thread& recorder : recorders) recorder.Join();
  Capture();
  ASSERT_EQ(tenter_replay(context_, counts_.program, nullptr, nullptr, &error_), TENTER_OK);
  EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_OK);
  EXPECT_EQ(counts_.ran.Load(kAcquire), 300);
}

// ITR-5: freeing an iterator while consumers wait wakes them with a typed error.
TEST_F(CApi, IteratorMayBeFreedUnderItsConsumers) {
  const std::string path = testing::TempDir() + "capi_test_rows.csv";
  std::ofstream(path) << "1\n2\n3\n";
  const int64_t dims[] = {1};
  tenter_csv_options options = {};
  options.row_dims = dims;
  options.row_rank = 1;
  options.batch_size = 1;
  tenter_iterator iterator = nullptr;
  ASSERT_EQ(tenter_csv_iterator_create(context_, path.c_str(), &options, &iterator, &error_),
            TENTER_OK);
  std::vector<Thread> consumers(3);
  for (Thread& consumer : consumers)
    ASSERT_TRUE(consumer
                    .Start("consumer",
                           [&] {
                             while (true) {
                               tenter_batch batch = {};
                               const tenter_code code =
                                   tenter_iterator_next(context_, iterator, &batch, nullptr);
                               tenter_tensor_release(&batch.data);
                               if (code == TENTER_OK) continue;  // the end repeats
                               EXPECT_TRUE(code == TENTER_CLOSED || code == TENTER_STALE_HANDLE);
                               return;
                             }
                           })
                    .ok());
  EXPECT_EQ(tenter_iterator_free(context_, iterator, &error_), TENTER_OK);
  for (Thread& consumer : consumers) consumer.Join();
  std::remove(path.c_str());
}

#if defined(TENTER_PROBES)
TEST_F(CApi, ProbeCallbackInjectsFaults) {
  Make(
      [](void*, const tenter_hit* hit, tenter_fault* fault) {
        if (std::string(hit->site) != "engine.op.body") return;
        fault->kind = TENTER_FAULT_THROW;
        std::snprintf(fault->type, sizeof(fault->type), "logic_error");
        std::snprintf(fault->message, sizeof(fault->message), "injected into %s", hit->op);
      },
      nullptr);
  const tenter_op op = Writes(
      [](void*, const tenter_op_context*, tenter_error*) -> tenter_code { return TENTER_OK; },
      nullptr);
  ASSERT_EQ(tenter_push(context_, engine_, &op, nullptr, &error_), TENTER_OK);
  EXPECT_EQ(tenter_wait_for_var(context_, engine_, var_, nullptr, &error_), TENTER_INTERNAL);
  EXPECT_STREQ(error_.type, "std::logic_error");
}
#endif

}  // namespace
}  // namespace tenter
