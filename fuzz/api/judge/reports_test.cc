// What waits tell of failures, held to the calls before them: accepted when right, and each lie
// refused.
#include "fuzz/api/judge/reports.h"

#include <gtest/gtest.h>

#include "fuzz/api/judge/told_testing.h"

namespace tenter::fuzz::api {
namespace {

constexpr const char* kWrong = "ERR-6 the wrong failures";

Failed Body(uint64_t number, tenter_code code = TENTER_DATA_LOSS) {
  return {number, kOpName, "body", code, kMessage};
}

// Two failing ops, 1 and 2, and two waits, of which the first has room for one.
class ApiReports : public testing::Test {
 protected:
  Told Right() const {
    Told told(
        "t0: engine -> h1\nt0: push h1 ends fail\nt0: push h1 ends drop\nt0: wait h1 room 1\n"
        "t0: wait h1\n");
    told.Number(1, 1).Number(2, 2).Tells(3, 2, {Body(1)}).Tells(4, 1, {dropped_});
    return told;
  }
  const Failed dropped_ = {2, kOpName, "completion dropped", TENTER_COMPLETION_DROPPED, ""};
};

TEST_F(ApiReports, EachIsToldOnceTheOldestFirst) {
  EXPECT_EQ(Right().Kind(), "");
  EXPECT_EQ(Right().Tells(3, 2, {dropped_}).Tells(4, 1, {Body(1)}).Kind(), kWrong) << "order";
  EXPECT_EQ(Right().Tells(4, 1, {Body(1)}).Kind(), kWrong) << "twice";
  EXPECT_EQ(Right().Tells(4, 1, {Body(3)}).Kind(), kWrong) << "of no push";
  EXPECT_EQ(Right().Tells(4, 1, {Body(2)}).Kind(), kWrong) << "at another place";
  EXPECT_EQ(Right().Tells(3, 2, {{1, "?", "body", TENTER_DATA_LOSS, kMessage}}).Kind(), kWrong)
      << kOpName;
  EXPECT_EQ(Right().Tells(3, 2, {Body(1, TENTER_INTERNAL)}).Kind(), kWrong) << "code";
}

TEST_F(ApiReports, ANumberThatIsNoCodeIsTold) {
  const auto told = [](const std::string& ends, const std::string& place, tenter_code code,
                       const std::string& message) {
    return Told("t0: engine -> h1\nt0: push h1 ends " + ends + "\nt0: wait h1\n")
        .Number(1, 1)
        .Tells(2, 1, {{1, kOpName, place, code, message}})
        .Kind();
  };
  const std::string odd = std::string("code 16: ") + kMessage;
  EXPECT_EQ(told("fail code 15", "body", TENTER_DEADLINE_EXCEEDED, kMessage), "");
  EXPECT_EQ(told("fail code 15", "body", TENTER_INTERNAL, kMessage), kWrong);
  EXPECT_EQ(told("fail code 16", "body", TENTER_INTERNAL, odd), "");
  EXPECT_EQ(told("fail code 16", "body", TENTER_INTERNAL, kMessage), kWrong) << "no number";
  EXPECT_EQ(told("fail code 16", "body", TENTER_INTERNAL, "code 16"), kWrong) << "no message";
  EXPECT_EQ(told("fail code 16", "body", 16, odd), kWrong);
  EXPECT_EQ(told("fail code 0", "body", TENTER_INTERNAL, kMessage), kWrong) << "it succeeds";
  EXPECT_EQ(told("completion_fails code 0", "completion", TENTER_INTERNAL, kMessage), "");
  EXPECT_EQ(told("completion_fails code 0", "completion", TENTER_OK, kMessage), kWrong);
  EXPECT_EQ(told("drop", "completion dropped", TENTER_INTERNAL, ""), kWrong);
}

TEST_F(ApiReports, ADeleterFailsWithItsCode) {
  const auto told = [](const std::string& ends, size_t count, const Failed& failed) {
    return Told("t0: engine -> h1\nt0: delete_var h1" + ends + "\nt0: wait h1\n")
        .Tells(2, count, std::vector(count, failed))
        .Kind();
  };
  const auto failed = [](tenter_code code, const std::string& message = "the deleter failed") {
    return Failed{4, "delete var 3", "deleter", code, message};
  };
  EXPECT_EQ(told(" ends fail", 1, failed(TENTER_DATA_LOSS)), "");
  EXPECT_EQ(told("", 0, {}), "");
  EXPECT_EQ(told(" ends fail", 0, {}), "ERR-9 the wrong failures") << "ignored";
  EXPECT_EQ(told("", 1, failed(TENTER_DATA_LOSS)), kWrong) << "it succeeds";
  EXPECT_EQ(told(" ends fail code 0", 0, {}), "");
  EXPECT_EQ(told(" ends fail", 1, failed(TENTER_INTERNAL)), kWrong) << "code";
  EXPECT_EQ(told(" ends fail code 16", 1, failed(TENTER_INTERNAL, "code 16: it")), "");
  EXPECT_EQ(told(" ends fail code 16", 1, failed(TENTER_INTERNAL)), kWrong) << "no number";
  EXPECT_EQ(told(" ends fail", 1, Body(4)), kWrong) << "place and name of an op";
}

TEST_F(ApiReports, TheCountIsOfAllThatWereNotTold) {
  EXPECT_EQ(Right().Tells(3, 1, {Body(1)}).Kind(), kWrong) << "only those for which it had room";
  EXPECT_EQ(Right().Tells(3, 3, {Body(1)}).Kind(), kWrong);
  EXPECT_EQ(Right().Tells(4, 2, {dropped_}).Kind(), kWrong) << "one was told before";
  EXPECT_EQ(Right().Tells(4, 0, {}).Kind(), kWrong);
}

TEST_F(ApiReports, WhatOverlapsMayBeToldOrNot) {
  EXPECT_EQ(Right().Overlap(2).Kind(), "");
  EXPECT_EQ(Right().Overlap(2).Tells(3, 1, {Body(1)}).Kind(), "");
  EXPECT_EQ(Right().Overlap(2).Tells(3, 0, {}).Kind(), kWrong) << "of the first it must know";
}

TEST_F(ApiReports, ScopesHaveFailuresOfTheirOwn) {
  const std::string text =
      "t0: engine -> h1\nt0: scope h1 -> h2\nt0: push_scoped h1 h2 ends fail\nt0: wait h1\n"
      "t0: scope_wait h2 room 0\n";
  EXPECT_EQ(Told(text).Number(2, 1).Tells(4, 1, {}).Kind(), "");
  EXPECT_EQ(Told(text).Number(2, 1).Tells(3, 1, {Body(1)}).Tells(4, 1, {}).Kind(),
            "ERR-11 the wrong failures");
  EXPECT_EQ(Told(text).Number(2, 1).Kind(), "ERR-11 the wrong failures");
}

TEST_F(ApiReports, BulksAndReplaysDoNotTellTheirNumbers) {
  const std::string bulk =
      "t0: engine -> h1\nt0: bulk h1 -> h2\nt0: bulk_push h2 ends fail\nt0: wait h1\n";
  EXPECT_EQ(Told(bulk).Tells(3, 1, {Body(7)}).Kind(), "");
  EXPECT_EQ(Told(bulk).Kind(), kWrong);
}

TEST_F(ApiReports, AnOpOfABulkFailsInItsScope) {
  const std::string text =
      "t0: engine -> h1\nt0: bulk h1 -> h2\nt0: scope h1 -> h3\n"
      "t0: bulk_push_scoped h2 h3 ends fail\nt0: wait h1\nt0: scope_wait h3\n";
  const auto told = [&] { return Told(text).Ran(3, 1); };
  EXPECT_EQ(told().Tells(5, 1, {Body(7)}).Kind(), "");
  EXPECT_EQ(told().Tells(4, 1, {Body(7)}).Kind(), "ERR-11 the wrong failures");
  EXPECT_EQ(told().Kind(), "ERR-11 the wrong failures") << "nobody was told";
}

TEST_F(ApiReports, OfOneThreadReplaysAreKnownExactly) {
  const std::string text =
      "t0: engine -> h1\nt0: recording -> h2\nt0: record h2 ends fail\nt0: capture h1 h2 -> h3\n"
      "t0: record h2 ends drop\nt0: replay h3\nt0: wait h1\n";
  const auto replayed = [&] { return Told(text).Ran(2, 1); };
  EXPECT_EQ(replayed().Tells(6, 1, {Body(4)}).Kind(), "");
  EXPECT_EQ(replayed().Tells(6, 2, {Body(4), Body(5)}).Kind(), kWrong);
  EXPECT_EQ(replayed().Kind(), kWrong) << "a failure that nobody was told";
  EXPECT_EQ(replayed().Tells(6, 1, {dropped_}).Kind(), kWrong) << "recorded behind the capture";
  EXPECT_EQ(replayed().Ran(2, 2).Tells(6, 1, {Body(4)}).Kind(), "ENG-5 not run with each replay");
  EXPECT_EQ(replayed().Ran(2, 0).Tells(6, 1, {Body(4)}).Kind(), "ENG-5 not run with each replay");
}

TEST_F(ApiReports, TheOpsOfAReplayHaveItsNumbers) {
  const std::string text =
      "t0: engine -> h1\nt0: program h1 -> h2 ops 2 ends fail\nt0: replay h2\nt0: wait h1\n";
  const auto replayed = [&](uint64_t first, uint64_t second) {
    return Told(text)
        .Number(2, 5)
        .Tells(3, 2, {Body(5), Body(6)})
        .Saw(1, {.call = nullptr, .times = 1, .nth = 0, .numbers = {first}})
        .Saw(1, {.call = nullptr, .times = 1, .nth = 1, .numbers = {second}});
  };
  EXPECT_EQ(replayed(5, 6).Kind(), "");
  EXPECT_EQ(replayed(6, 7).Kind(), "ENG-2 no op has the number that a replay answered");
  EXPECT_EQ(replayed(5, 5).Kind(), "ENG-2 no op has the number that a replay answered");
  EXPECT_EQ(replayed(5, 6).Tells(3, 2, {Body(5), Body(7)}).Kind(), kWrong);
  const std::string mixed =
      "t0: engine -> h1\nt0: recording -> h2\nt0: record h2\nt0: record h2 ends fail\n"
      "t0: capture h1 h2 -> h3\nt0: replay h3\nt0: wait h1\n";
  const auto second = [&](uint64_t number) {
    return Told(mixed).Number(5, 5).Ran(2, 1).Ran(3, 1).Tells(6, 1, {Body(number)}).Kind();
  };
  EXPECT_EQ(second(6), "");
  EXPECT_EQ(second(5), kWrong) << "the first does not fail";
  EXPECT_EQ(Told("t0: engine -> h1\nt0: push h1\n")
                .Number(1, 5)
                .Saw(1, {.call = nullptr, .times = 1, .numbers = {4}})
                .Kind(),
            "ERR-7 an op with another number than its push");
}

TEST_F(ApiReports, AReplayInAScopeFailsThereAndIsCancelledThere) {
  const std::string text =
      "t0: engine -> h1\nt0: scope h1 -> h2\nt0: program h1 -> h3 ends fail\n"
      "t0: replay_scoped h3 h2\nt0: wait h1\nt0: scope_wait h2\n";
  const auto replayed = [&] { return Told(text).Number(3, 5).Ran(2, 1); };
  const char* const wrong = "ERR-11 the wrong failures";
  EXPECT_EQ(replayed().Tells(5, 1, {Body(5)}).Kind(), "");
  EXPECT_EQ(replayed().Kind(), wrong);
  EXPECT_EQ(replayed().Tells(4, 1, {Body(5)}).Tells(5, 1, {Body(5)}).Kind(), wrong);
  const std::string cancelled =
      "t0: engine -> h1\nt0: scope h1 -> h2\nt0: program h1 -> h3\nt0: scope_cancel h2\n"
      "t0: replay_scoped h3 h2\nt0: engine -> h4\nt0: program h4 -> h5\n";
  EXPECT_EQ(Told(cancelled).Kind(), "");
  EXPECT_EQ(Told(cancelled).Ran(2, 1).Kind(), "ERR-11 not run with each replay");
  EXPECT_EQ(Told(cancelled).Overlap(3).Ran(2, 1).Kind(), "") << "the cancel had not ended";
  EXPECT_EQ(Told(cancelled + "t0: replay_scoped h5 h2\n").Kind(), "ERR-11 the wrong code");
  EXPECT_EQ(Told(cancelled + "t0: replay_scoped h5 h2\n").With(7, TENTER_INVALID_ARGUMENT).Kind(),
            "");
  EXPECT_EQ(Told(cancelled + "t0: replay_scoped h5 h4\n").Kind(),
            "ENG-8 a wrong handle was not refused as stale");
}

TEST_F(ApiReports, WhatSucceededHasNoFailure) {
  const std::string text =
      "t0: engine -> h1\nt0: push h1\nt0: bulk h1 -> h2\nt0: bulk_push h2 ends fail\nt0: wait h1\n";
  EXPECT_EQ(Told(text).Number(1, 1).Tells(4, 1, {Body(2)}).Kind(), "");
  EXPECT_EQ(Told(text).Number(1, 1).Tells(4, 1, {Body(1)}).Kind(), kWrong);
  EXPECT_EQ(Told(text).Number(1, 1).Tells(4, 1, {dropped_}).Kind(), kWrong) << "the place";
}

TEST_F(ApiReports, AStopOfItsOwnEngineMayKeepABulkFromIt) {
  const std::string bulk =
      "t0: engine -> h1\nt0: engine -> h2\nt0: bulk h1 -> h3\nt0: stop %\nt0: bulk_push h3 ends "
      "fail\nt0: wait h1\n";
  const auto stopping = [&](const std::string& engine) {
    return bulk.substr(0, bulk.find('%')) + engine + bulk.substr(bulk.find('%') + 1);
  };
  EXPECT_EQ(Told(stopping("h1")).Kind(), "");
  EXPECT_EQ(Told(stopping("h2")).Kind(), kWrong) << "another one";
}

TEST_F(ApiReports, WhatEndsBeforeACancelLosesNothing) {
  const std::string text =
      "t0: engine -> h1\nt0: scope h1 -> h2\nt0: push_scoped h1 h2 ends fail\nt0: scope_wait h2\n"
      "t0: scope_cancel h2\nt0: scope_wait h2\n";
  EXPECT_EQ(Told(text).Number(2, 1).Tells(3, 1, {Body(1)}).Kind(), "");
  EXPECT_EQ(Told(text).Number(2, 1).Kind(), "ERR-11 the wrong failures");
  EXPECT_EQ(Told(text).Number(2, 1).Overlap(3).Kind(), "") << "it may have been cancelled";
}

}  // namespace
}  // namespace tenter::fuzz::api
