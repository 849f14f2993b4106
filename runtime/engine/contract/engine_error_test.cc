// ERR-1..9, on every engine.
#include <new>

#include "runtime/engine/contract/engine_fixture.h"

namespace tenter {
namespace {

struct NotAStdException {
  int number;
};

class EngineError : public EngineTest {
 protected:
  void Throwing(const char* name, std::vector<Var> reads, std::vector<Var> writes) {
    Push(name, std::move(reads), std::move(writes),
         [text = std::string(name)] { throw std::runtime_error(text); });
  }
};
TENTER_INSTANTIATE_ENGINES(EngineError);

// ERR-1, ERR-5: anything thrown fails the op and is thrown at every wait with its own type.
TEST_P(EngineError, AnyTypeReachesEveryWaitUnchanged) {
  const Var a = NewVar(), b = NewVar(), c = NewVar();
  Push("odd", {}, {a}, [] { throw NotAStdException{42}; });
  Push("oom", {}, {b}, [] { throw std::bad_alloc(); });
  PushAsync("code", {}, {c},
            [](Completion done) { done.Fail(Status(StatusCode::kDataLoss, "half a record")); });
  for (int wait = 0; wait < 3; ++wait) {
    try {
      engine_->WaitForVar(a);
      FAIL() << "did not throw";
    } catch (const NotAStdException& error) {
      EXPECT_EQ(error.number, 42);
    }
    EXPECT_THROW(engine_->WaitForVar(b), std::bad_alloc);
    try {
      engine_->WaitForVar(c);
      FAIL() << "did not throw";
    } catch (const StatusError& error) {
      EXPECT_EQ(error.status().code(), StatusCode::kDataLoss);
    }
  }
}

// ERR-2: exactly the written vars are poisoned; a var that is only read is untouched.
TEST_P(EngineError, PoisonsExactlyWhatItWrites) {
  const Var read = NewVar(), written = NewVar(), other = NewVar();
  int value = 0;
  Push("init", {}, {read}, [&] { value = 5; });
  Throwing("fails", {read}, {written});
  Push("independent", {read}, {other}, [&] { value += 1; });
  engine_->WaitForVar(read);
  engine_->WaitForVar(other);
  EXPECT_THROW(engine_->WaitForVar(written), std::runtime_error);
  EXPECT_EQ(value, 6);
}

// ERR-3: dependents are skipped; the root with the smallest push number wins, the others are
// "also".
TEST_P(EngineError, SmallestRootWinsAndTheOthersAreListed) {
  const Var a = NewVar(), b = NewVar(), c = NewVar();
  bool ran = false;
  Throwing("first", {}, {b});
  Throwing("second", {}, {a});
  Push("dependent", {a, b}, {c}, [&] { ran = true; });
  const PoisonPtr poison = engine_->AwaitVar(c).value();
  ASSERT_NE(poison, nullptr);
  EXPECT_EQ(poison->root()->op(), "first");
  ASSERT_EQ(poison->also().size(), 1u);
  EXPECT_EQ(poison->also()[0]->op(), "second");
  EXPECT_FALSE(ran);
  EXPECT_EQ(engine_->counts().skipped, 1u);
}

// ERR-4: a plain write heals, an update does not.
TEST_P(EngineError, WriteHealsUpdateDoesNot) {
  const Var v = NewVar();
  bool updated = false;
  Throwing("fails", {}, {v});
  Push("update", {v}, {v}, [&] { updated = true; });
  EXPECT_THROW(engine_->WaitForVar(v), std::runtime_error);
  EXPECT_FALSE(updated);
  Push("write", {}, {v}, [] {});
  engine_->WaitForVar(v);
  Push("update again", {v}, {v}, [&] { updated = true; });
  engine_->WaitForVar(v);
  EXPECT_TRUE(updated);
}

// ERR-6: each root failure exactly once, all together, ordered by push number; skipped ops are no
// roots.
TEST_P(EngineError, WaitForAllReportsEachRootOnce) {
  const Var a = NewVar(), b = NewVar();
  Throwing("one", {}, {a});
  Push("skipped", {a}, {NewVar()}, [] {});
  Throwing("two", {}, {b});
  try {
    engine_->WaitForAll();
    FAIL() << "did not throw";
  } catch (const AggregateError& error) {
    ASSERT_EQ(error.failures().size(), 2u);
    EXPECT_EQ(error.failures()[0]->op(), "one");
    EXPECT_EQ(error.failures()[1]->op(), "two");
  }
  engine_->WaitForAll();
  EXPECT_THROW(engine_->WaitForVar(a), std::runtime_error);  // the poison stays (ERR-5)
  Throwing("three", {}, {a});
  EXPECT_THROW(engine_->WaitForAll(), AggregateError);
}

// The normal distribution with scale -1 of the published design: rejected when it runs, seen by
// wait-all (ERR-6).
TEST_P(EngineError, LazilyRejectedArgumentIsSeenByWaitForAll) {
  const Var sample = NewVar();
  const double scale = -1;
  Push("random_normal", {}, {sample}, [scale] {
    if (scale < 0)
      throw StatusError({StatusCode::kInvalidArgument, "scale must be positive, found -1"});
  });
  try {
    engine_->WaitForAll();
    FAIL() << "did not throw";
  } catch (const AggregateError& error) {
    EXPECT_NE(std::string(error.what()).find("scale must be positive"), std::string::npos);
  }
}

// ERR-7: from the exception that a wait threw to op, push number, place, thread and chain.
TEST_P(EngineError, ContextIsReachableFromTheException) {
  const Var a = NewVar(), b = NewVar(), c = NewVar();
  Push("healthy", {}, {b}, [] {});
  Throwing("root", {}, {a});
  Push("child", {a}, {b}, [] {});
  Push("grandchild", {b}, {c}, [] {});
  engine_->AwaitVar(c).value();
  try {
    engine_->WaitForVar(b);
    FAIL() << "did not throw";
  } catch (const std::runtime_error&) {
    const FailurePtr failure = engine_->FailureOf(std::current_exception());
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->op(), "root");
    EXPECT_EQ(failure->push_number(), 2u);
    EXPECT_EQ(failure->place(), FailurePlace::kBody);
    EXPECT_EQ(failure->thread().substr(0, 8),
              naive() ? CurrentThreadName().substr(0, 8) : "tenter-w");
    const std::vector<PoisonedOp> chain = failure->Chain();
    ASSERT_EQ(chain.size(), 2u);
    EXPECT_EQ(chain[0].name, "child");
    EXPECT_EQ(chain[1].name, "grandchild");
    EXPECT_EQ(engine_->LastFailure(), failure);
  }
}

// ERR-8: dependents run, poison flows all the same, and heals as before.
TEST_P(EngineError, RunDependentsPolicyRunsThem) {
  Make(ErrorPolicy::kRunDependents);
  const Var a = NewVar(), b = NewVar();
  bool ran = false;
  Throwing("root", {}, {a});
  Push("dependent", {a}, {b}, [&] { ran = true; });
  EXPECT_THROW(engine_->WaitForVar(b), std::runtime_error);
  EXPECT_TRUE(ran);
  Push("update", {a}, {a}, [] {});
  EXPECT_THROW(engine_->WaitForVar(a), std::runtime_error);
  Push("write", {}, {a}, [] {});
  engine_->WaitForVar(a);
}

// ERR-9: a deleter that throws is a failure of its own, reported by WaitForAll only.
TEST_P(EngineError, ThrowingDeleterIsReportedByWaitForAllOnly) {
  const Var v = NewVar(), w = NewVar();
  ASSERT_TRUE(engine_->DeleteVar(v, [] { throw std::runtime_error("deleter"); }).ok());
  Push("later", {}, {w}, [] {});
  engine_->WaitForVar(w);
  try {
    engine_->WaitForAll();
    FAIL() << "did not throw";
  } catch (const AggregateError& error) {
    ASSERT_EQ(error.failures().size(), 1u);
    EXPECT_EQ(error.failures()[0]->place(), FailurePlace::kDeleter);
  }
}

// ERR-1: the body's own exception is the cause, not the handle that its unwinding destroys.
TEST_P(EngineError, ThrowOfAnAsyncBodyBeatsItsDroppedHandle) {
  const Var v = NewVar();
  PushAsync("throws", {}, {v}, [](Completion) { throw NotAStdException{1}; });
  EXPECT_THROW(engine_->WaitForVar(v), NotAStdException);
}

// ERR-1, ENG-5: the body throws while another thread holds the handle: one end, and a late
// success is ignored.
TEST_P(EngineError, ThrowWhileTheHandleIsElsewhere) {
  const Var v = NewVar();
  std::shared_ptr<Completion> kept;
  PushAsync("throws", {}, {v}, [&](Completion done) {
    kept = std::make_shared<Completion>(std::move(done));
    throw NotAStdException{2};
  });
  EXPECT_THROW(engine_->WaitForVar(v), NotAStdException);
  kept->Done();
  EXPECT_THROW(engine_->WaitForVar(v), NotAStdException);
  EXPECT_EQ(engine_->counts().ran, 1u);
}

// ERR-9: a body that throws after its op completed poisons nothing and is reported by WaitForAll.
TEST_P(EngineError, ThrowAfterCompletionIsAFailureOfItsOwn) {
  const Var v = NewVar();
  PushAsync("late", {}, {v}, [](Completion done) {
    done.Done();
    throw NotAStdException{3};
  });
  try {
    engine_->WaitForAll();
    // The op ends before its body does, so the failure may come after the first wait.
    Push("after", {}, {v}, [] {});
    engine_->Stop(StopMode::kDrain).ok();
  } catch (const AggregateError& error) {
    EXPECT_EQ(error.failures()[0]->place(), FailurePlace::kAfterEnd);
  }
  engine_->WaitForVar(v);
}

}  // namespace
}  // namespace tenter
