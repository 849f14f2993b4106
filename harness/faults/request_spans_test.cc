#include "harness/faults/request_spans.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

size_t MostTogether(std::initializer_list<int64_t> hits) {
  RequestSpans spans(8);
  for (const int64_t request : hits) spans.Note(request);
  return spans.MostTogether();
}

TEST(RequestSpans, CountsThoseWithAHitInCommon) {
  EXPECT_EQ(MostTogether({}), 0u);
  EXPECT_EQ(MostTogether({7}), 1u);
  EXPECT_EQ(MostTogether({1, 1, 2, 2, 3}), 1u);  // one after the other
  EXPECT_EQ(MostTogether({1, 2, 1, 2}), 2u);
  EXPECT_EQ(MostTogether({1, 2, 2, 1}), 2u);
  EXPECT_EQ(MostTogether({1, 2, 1, 3, 2, 4, 3, 4}), 2u);  // a chain: never three of them
  EXPECT_EQ(MostTogether({1, 2, 3, 1, 4, 4, 2, 3}), 3u);  // 4 takes the place of 1
}

TEST(RequestSpans, ClearForgets) {
  RequestSpans spans(8);
  for (const int64_t request : {1, 2, 1, 2}) spans.Note(request);
  spans.Clear();
  EXPECT_EQ(spans.MostTogether(), 0u);
  spans.Note(1);
  EXPECT_EQ(spans.MostTogether(), 1u);
}

TEST(RequestSpans, BeyondItsRoomTheNumberIsTooLow) {
  RequestSpans spans(8);  // which has some to spare
  for (int round = 0; round < 2; ++round)
    for (int64_t request = 0; request < 100; ++request) spans.Note(request * 1'000'003);
  EXPECT_GE(spans.MostTogether(), 8u);
  EXPECT_LT(spans.MostTogether(), 100u);
}

// All threads hit at once: every span is whole, and all overlap.
TEST(RequestSpans, ThreadsNoteAtOnce) {
  constexpr int kThreads = 4, kHits = 2000;
  RequestSpans spans(64);
  for (int64_t request = 0; request < 64; ++request) spans.Note(request);
  std::vector<Thread> threads(kThreads);
  Gate together;
  for (Thread& thread : threads)
    ASSERT_TRUE(thread
                    .Start("hits",
                           [&] {
                             together.Wait();
                             for (int i = 0; i < kHits; ++i) spans.Note(i % 64);
                           })
                    .ok());
  together.Open();
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(spans.MostTogether(), 64u);
}

}  // namespace
}  // namespace tenter
