#include "harness/faults/request_spans.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace tenter {
namespace {

size_t MostTogether(std::initializer_list<int64_t> hits) {
  RequestSpans spans;
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

}  // namespace
}  // namespace tenter
