#include "runtime/io/line_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "runtime/base/rng.h"

namespace tenter {
namespace {

// The bytes that the reader below holds of one line at most, and less than it gets at once.
constexpr size_t kMost = 100'000;

class LineReaderTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "line_reader_test_" + std::to_string(getpid()) + ".txt";
  }
  void TearDown() override { std::remove(path_.c_str()); }

  // Reads a file of these lines, and compares each with what was written.
  void Read(const std::vector<std::string>& lines, bool newline) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    if (!newline) text.pop_back();
    std::ofstream(path_, std::ios::binary) << text;
    LineReader reader(kMost);
    ASSERT_TRUE(reader.Open(path_).ok());
    for (size_t i = 0; i < lines.size(); ++i) {
      Line line;
      ASSERT_TRUE(reader.Next(&line).value());
      EXPECT_EQ(reader.number(), static_cast<int64_t>(i) + 1);
      ASSERT_EQ(line.whole, lines[i].size() <= kMost) << "line " << i + 1;
      EXPECT_TRUE(line.whole ? line.text == lines[i] : lines[i].starts_with(line.text))
          << "line " << i + 1;
    }
    Line line;
    EXPECT_FALSE(reader.Next(&line).value());
    EXPECT_EQ(reader.number(), static_cast<int64_t>(lines.size()));
    reader.Close();
    EXPECT_EQ(reader.number(), 0);
  }
  std::string path_;
};

// What stands behind a line that is too long has the number that an editor shows.
TEST_F(LineReaderTest, ALineThatIsTooLongCountsOnce) {
  for (const size_t bytes : {kMost + 1, 3 * kMost, 10 * kMost})
    Read({"a", std::string(bytes, 'b'), "c", std::string(bytes, 'd'), std::string(bytes, 'e'), "f"},
         true);
}

TEST_F(LineReaderTest, NumbersAndTextAreThoseOfTheFile) {
  const size_t sizes[] = {0, 0, 1, 7, 1000, kMost - 1, kMost, kMost + 1, 2 * kMost, 5 * kMost};
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    std::vector<std::string> lines;
    for (uint64_t left = 1 + rng.Below(12); left > 0; --left)
      lines.emplace_back(sizes[rng.Below(std::size(sizes))], static_cast<char>('a' + left));
    lines.emplace_back("z");  // a file that ends with an empty line has one line less
    Read(lines, rng.Chance(50));
  }
}

}  // namespace
}  // namespace tenter
