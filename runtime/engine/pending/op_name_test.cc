#include "runtime/engine/pending/op_name.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace tenter {
namespace {

// In a buffer of exactly its bytes, so that asan sees a read behind the end.
class Text {
 public:
  explicit Text(size_t size) : bytes_(std::make_unique<char[]>(size)), size_(size) {
    for (size_t i = 0; i < size; ++i) bytes_[i] = static_cast<char>(i * 37 + 201);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

TEST(OpName, KeepsNamesOfEverySize) {
  OpName name;
  for (const size_t before : {0, 31, 64})
    for (size_t size = 0; size <= 70; ++size) {
      name.Set(Text(before).view());
      const Text text(size);
      EXPECT_EQ(name.view(name.Set(text.view())), text.view()) << size << " after " << before;
    }
}

TEST(OpName, ShowsTheFirstBytesAndZeros) {
  OpName name;
  for (size_t size = 0; size <= 70; ++size) {
    const Text text(size);
    name.Set(text.view());
    std::string expected(text.view().substr(0, OpName::kPeeked));
    expected.resize(OpName::kPeeked + 1);
    const auto peeked = name.Peek();
    EXPECT_EQ(std::string(peeked.data(), peeked.size()), expected) << size;
  }
}

}  // namespace
}  // namespace tenter
