// The judge of `fuzz api`, seen to accept what is right and to refuse each kind of lie.
#include <gtest/gtest.h>

#include "fuzz/api/judge/told_testing.h"

namespace tenter::fuzz::api {
namespace {

constexpr const char* kStale = "a wrong handle was not refused as stale";

TEST(ApiJudge, HoldsAHandleToItsLife) {
  const std::string freed = "t0: engine -> h1\nt0: free_engine h1\nt0: wait h1\n";
  EXPECT_EQ(Told(freed).Kind(), std::string("ENG-8 ") + kStale);
  EXPECT_EQ(Told(freed).With(2, TENTER_STALE_HANDLE).Kind(), "");
  EXPECT_EQ(Told(freed).With(2, TENTER_STOPPED).Kind(), std::string("ENG-8 ") + kStale);
  EXPECT_EQ(Told(freed).Overlap(1).Kind(), "") << "the free had not ended";
  EXPECT_EQ(Told(freed).Overlap(1).With(2, TENTER_STALE_HANDLE).Kind(), "");
  EXPECT_EQ(Told(freed).With(1, TENTER_STALE_HANDLE).Kind(), "ENG-8 the wrong code");
  EXPECT_EQ(Told("t0: engine -> h1\nt0: free_engine h1\nt0: free_engine h1\n").Overlap(1).Kind(),
            "ENG-8 freed twice");
}

TEST(ApiJudge, HoldsAHandleToItsKindAndItsContext) {
  for (const char* const wrong :
       {"t0: next h1\n", "t0: wait h0\n", "t0: wait h1 other\n", "t0: free_bulk h1\n"}) {
    const std::string text = std::string("t0: engine -> h1\n") + wrong;
    EXPECT_NE(Told(text).Kind().find(kStale), std::string::npos) << wrong;
    EXPECT_EQ(Told(text).With(1, TENTER_STALE_HANDLE).Kind(), "") << wrong;
  }
  EXPECT_EQ(Told("t0: free_engine h0\n").Kind(), "") << "NULL";
}

TEST(ApiJudge, HoldsAStoppedEngineAndAClosedIteratorToTheirWord) {
  const std::string stopped = "t0: engine -> h1\nt0: stop h1\nt0: push h1\n";
  EXPECT_EQ(Told(stopped).Kind(), "ENG-9 the wrong code");
  EXPECT_EQ(Told(stopped).With(2, TENTER_STOPPED).Kind(), "");
  EXPECT_EQ(Told("t0: engine -> h1\nt0: push h1\n").With(1, TENTER_STOPPED).Kind(),
            "ENG-8 the wrong code");
  const std::string closed = "t0: iterator -> h1\nt0: close h1\nt0: next h1\n";
  EXPECT_EQ(Told(closed).Kind(), "ITR-5 the wrong code");
  EXPECT_EQ(Told(closed).With(2, TENTER_CLOSED).Kind(), "");
}

TEST(ApiJudge, HoldsSizesScopesAndWhatIsLeft) {
  const std::string odd = "t0: engine -> h1 size more\n";
  EXPECT_EQ(Told(odd).Kind(), "ENG-8 the wrong code");
  EXPECT_EQ(Told(odd).With(0, TENTER_INVALID_ARGUMENT).Kind(), "");
  EXPECT_EQ(Told("t0: engine -> h1 size more behind 9 at 8 byte 255\n").Kind(),
            "ENG-8 the wrong code");
  EXPECT_EQ(Told("t0: engine -> h1 size tail behind 64\n").Kind(), "");
  EXPECT_EQ(Told("t0: engine -> h1 size short\n").Kind(), "");
  for (const char* const size : {"short", "more at 7", "none"}) {
    const Told op(std::string("t0: engine -> h1\nt0: push h1 size ") + size + "\n");
    EXPECT_EQ(op.Kind(), "ENG-8 the wrong code") << size;
    EXPECT_EQ(Told(op).With(1, TENTER_INVALID_ARGUMENT).Kind(), "") << size;
  }
  const std::string foreign =
      "t0: engine -> h1\nt0: engine -> h2\nt0: scope h1 -> h3\nt0: push_scoped h2 h3\n";
  EXPECT_EQ(Told(foreign).Kind(), "ERR-11 the wrong code");
  EXPECT_EQ(Told(foreign).With(3, TENTER_INVALID_ARGUMENT).Kind(), "");
  Told told("t0: engine -> h1\nt0: push_waits h1\n");
  Answer& inside = told.history().inside.emplace_back(told.history().calls[1]);
  EXPECT_EQ(told.Kind(), "ENG-7 a wait inside an op was not refused");
  inside.code = TENTER_STALE_HANDLE;
  EXPECT_EQ(told.Kind(), "ENG-7 a wait inside an op was not refused") << "the engine lives";
  told.history().closing = 1;
  EXPECT_EQ(told.Kind(), "");
  told.history().closing = UINT64_MAX;
  inside.code = TENTER_WAIT_INSIDE_OP;
  EXPECT_EQ(told.Kind(), "");
  inside.wrong = "x";
  EXPECT_EQ(told.Kind(), "ENG-7 wrong beside its code");
  inside.wrong = "";
  told.history().calls[1].wrong = "x";
  EXPECT_EQ(told.Kind(), "ENG-8 wrong beside its code");
  told.history().calls[1].wrong = "";
  told.history().threads_left = 1;
  EXPECT_EQ(told.Kind(), "ENG-9 threads left");
  told.history().wrong_ops = {"x"};
  EXPECT_EQ(told.Kind(), "ENG-5 op not given back as promised");
  Told descriptors("t0: engine -> h1\n");
  descriptors.history().descriptors_left = 1;
  EXPECT_EQ(descriptors.Kind(), "ITR-5 descriptors left");
}

TEST(ApiJudge, HoldsAnOpThatFailsTwiceToItsChains) {
  EXPECT_EQ(Told("t0: fail_late ops 2\n").Kind(), "");
  EXPECT_EQ(Told("t0: fail_late\n").With(0, TENTER_NOT_FOUND).Kind(), "ERR-7 the wrong code");
  Told told("t0: fail_late\n");
  told.history().calls[0].wrong = "x";
  EXPECT_EQ(told.Kind(), "ERR-7 wrong beside its code");
}

TEST(ApiJudge, HoldsInputsToTheirModel) {
  const std::string invoke =
      "t0: engine -> h1\nt0: model -> h2\nt0: cached_op h1 h2 -> h3\nt0: invoke h3 from ";
  for (const char* const wrong : {"short", "empty", "null", "dims", "negative", "huge", "rank",
                                  "no_rank", "dtype", "no_dtype", "few", "many"}) {
    EXPECT_EQ(Told(invoke + wrong + "\n").Kind(), "COP-6 the wrong code") << wrong;
    EXPECT_EQ(Told(invoke + wrong + "\n").With(3, TENTER_INVALID_ARGUMENT).Kind(), "") << wrong;
  }
  EXPECT_EQ(Told(invoke + "huge\n").With(3, TENTER_OUT_OF_RANGE).Kind(), "");
  EXPECT_EQ(Told(invoke + "long\n").Kind(), "");
  EXPECT_EQ(Told(invoke + "long\n").With(3, TENTER_INVALID_ARGUMENT).Kind(),
            "COP-6 the wrong code");
}

TEST(ApiJudge, HoldsAFreeOfItsScopeInsideAnOp) {
  Told told("t0: engine -> h1\nt0: scope h1 -> h2\nt0: push_frees_scope h1 h2\n");
  told.Ran(2, 1);
  Answer& inside = told.history().inside.emplace_back(told.history().calls[2]);
  EXPECT_EQ(told.Kind(), "ENG-7 a wait inside an op was not refused");
  inside.code = TENTER_WAIT_INSIDE_OP;
  EXPECT_EQ(told.Kind(), "");
  inside.code = TENTER_STALE_HANDLE;
  EXPECT_EQ(told.Kind(), "ENG-7 a wait inside an op was not refused") << "the scope lives";
  inside.code = TENTER_WAIT_INSIDE_OP;
  EXPECT_EQ(told.Ran(2, 0).Kind(), "ERR-11 cancelled without a cancel");
  Told none("t0: engine -> h1\nt0: push_frees_scope h1 h0\n");
  none.Ran(1, 1);
  Answer& nothing = none.history().inside.emplace_back(none.history().calls[1]);
  EXPECT_EQ(none.Kind(), "");
  nothing.code = TENTER_WAIT_INSIDE_OP;
  EXPECT_EQ(none.Kind(), "ENG-8 the wrong code") << "of NULL nothing is freed";
}

TEST(ApiJudge, HoldsOpsToOneBodyAndADeadline) {
  const std::string pushes[] = {"t0: engine -> h1\nt0: trace -> h2\nt0: push h1",
                                "t0: engine -> h1\nt0: bulk h1 -> h2\nt0: bulk_push h2",
                                "t0: engine -> h1\nt0: recording -> h2\nt0: record h2"};
  for (const std::string& push : pushes) {
    for (const char* const wrong :
         {" runs both", " runs neither", " timeout negative", " timeout least"}) {
      EXPECT_EQ(Told(push + wrong + "\n").Kind(), "ENG-8 the wrong code") << push << wrong;
      EXPECT_EQ(Told(push + wrong + "\n").With(2, TENTER_INVALID_ARGUMENT).Kind(), "");
    }
    for (const char* const right : {" timeout far", " timeout most"}) {
      EXPECT_EQ(Told(push + right + "\n").Kind(), "") << push << right;
      EXPECT_EQ(Told(push + right + "\n").With(2, TENTER_INVALID_ARGUMENT).Kind(),
                "ENG-8 the wrong code");
    }
  }
}

TEST(ApiJudge, HoldsOpsOfBulksAndRecordingsToTheirScopes) {
  const std::string bulk = "t0: engine -> h1\nt0: bulk h1 -> h2\nt0: scope h1 -> h3\n";
  EXPECT_EQ(Told(bulk + "t0: bulk_push_scoped h2 h0\n").Kind(), "");
  const std::string engines = bulk + "t0: engine -> h4\nt0: scope h4 -> h5\n";
  EXPECT_EQ(Told(engines + "t0: bulk_push_scoped h2 h5\n").Kind(), "ERR-11 the wrong code");
  const std::string kind = bulk + "t0: bulk_push_scoped h2 h1\n";
  EXPECT_EQ(Told(kind).Kind(), std::string("ENG-8 ") + kStale);
  EXPECT_EQ(Told(kind).With(3, TENTER_STALE_HANDLE).Kind(), "");
  const std::string cancelled = bulk + "t0: scope_cancel h3\nt0: bulk_push_scoped h2 h3\n";
  EXPECT_EQ(Told(cancelled).Ran(4, 0).Kind(), "");
  EXPECT_EQ(Told(cancelled).Ran(4, 1).Kind(), "ERR-11 an op of a scope that was cancelled ran");
  const std::string pushed = bulk + "t0: bulk_push_scoped h2 h3\n";
  EXPECT_EQ(Told(pushed).Ran(3, 1).Kind(), "");
  EXPECT_EQ(Told(pushed).Ran(3, 0).Kind(), "ERR-11 cancelled without a cancel");
  const std::string stopped = pushed + "t0: stop h1\n";
  EXPECT_EQ(Told(stopped).Ran(3, 0).Kind(), "ERR-11 cancelled without a cancel") << "handed over";
  EXPECT_EQ(Told(stopped).Overlap(3).Ran(3, 0).Kind(), "") << "refused later";
  const std::string recording =
      "t0: engine -> h1\nt0: recording -> h2\nt0: scope h1 -> h3\nt0: record_scoped h2 ";
  EXPECT_EQ(Told(recording + "h0\n").Kind(), "");
  EXPECT_EQ(Told(recording + "h3\n").Kind(), "ERR-11 the wrong code");
  EXPECT_EQ(Told(recording + "h3\n").With(3, TENTER_INVALID_ARGUMENT).Kind(), "");
  EXPECT_EQ(Told(recording + "h1\n").With(3, TENTER_INVALID_ARGUMENT).Kind(), "") << "or stale";
}

TEST(ApiJudge, HoldsOutputsToTheirBuffers) {
  const std::string cached = "t0: engine -> h1\nt0: model -> h2\nt0: cached_op h1 h2 -> h3\n";
  for (const char* const right : {"half", "right", "large", "dims"})
    EXPECT_EQ(Told(cached + "t0: invoke h3 into " + right + "\n").Kind(), "") << right;
  for (const char* const wrong : {"small", "empty", "dtype", "no_dtype", "owned", "few", "many"}) {
    const Told told(cached + "t0: invoke h3 into " + wrong + "\n");
    EXPECT_EQ(told.Kind(), "COP-6 the wrong code") << wrong;
    EXPECT_EQ(Told(told).With(3, TENTER_INVALID_ARGUMENT).Kind(), "") << wrong;
  }
  EXPECT_EQ(Told(cached + "t0: invoke h3 into right\n").With(3, TENTER_INVALID_ARGUMENT).Kind(),
            "COP-6 the wrong code");
}

}  // namespace
}  // namespace tenter::fuzz::api
