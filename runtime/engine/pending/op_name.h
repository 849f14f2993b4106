// OpName: the name of a pending op. Short names live inside, long ones keep their buffer, so that
// naming a reused op allocates nothing once warm; and the first 31 bytes can be read at any moment,
// by a watchdog that runs beside or inside whatever writes them.
//
// Thread safety: Set and view belong to the owner of the op; Peek may be called from anywhere, also
//   from a signal handler, and reads a mixture at worst.
// Ownership and lifetime: owns its bytes.
// Invariants: a name of up to 31 bytes lies in `words_`, followed by zeros; of a longer one the
//   first 31 bytes do, and the whole in `rest_`.
// Errors: Set throws std::bad_alloc.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/atomic.h"

namespace tenter {

class OpName {
 public:
  static constexpr size_t kPeeked = 31;

  static constexpr uint8_t kLong = kPeeked + 1;  // the size of a name that does not lie inside

  // Returns the size, which the owner keeps for view: so that whoever runs the op and does not ask
  // for its name does not touch it.
  uint8_t Set(std::string_view name) {
    if (name.size() > kPeeked) {
      if (rest_ == nullptr) rest_ = std::make_unique<std::string>();
      rest_->assign(name);
    }
    const std::string_view first = name.substr(0, kPeeked);
    for (size_t i = 0; i < words_.size(); ++i) words_[i].Store(Word(first, i * 8), kRelaxed);
    return static_cast<uint8_t>(std::min<size_t>(name.size(), kLong));
  }

  std::string_view view(uint8_t size) const {
    if (size == kLong) return *rest_;
    return {reinterpret_cast<const char*>(words_.data()), size};
  }

  // The first bytes of the name and a zero. Signal-safe.
  std::array<char, kPeeked + 1> Peek() const {
    std::array<char, kPeeked + 1> bytes;
    for (size_t i = 0; i < words_.size(); ++i) {
      const uint64_t word = words_[i].Load(kRelaxed);
      std::memcpy(bytes.data() + i * sizeof(word), &word, sizeof(word));
    }
    bytes[kPeeked] = 0;
    return bytes;
  }

 private:
  // The eight bytes from `begin` on, with zeros behind the end. Put together in registers from
  // loads that overlap: bytes that were copied one by one could not be read as a word at once.
  static uint64_t Word(std::string_view text, size_t begin) {
    if (begin >= text.size()) return 0;
    const char* const at = text.data() + begin;
    const size_t left = text.size() - begin;
    if (left >= 8) return Load<uint64_t>(at);
    if (left >= 4)
      return Load<uint32_t>(at) | uint64_t{Load<uint32_t>(at + left - 4)} << 8 * (left - 4);
    return Load<uint8_t>(at) | uint64_t{Load<uint8_t>(at + left / 2)} << 8 * (left / 2) |
           uint64_t{Load<uint8_t>(at + left - 1)} << 8 * (left - 1);
  }
  template <typename T>
  static T Load(const char* at) {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }

  std::unique_ptr<std::string> rest_;
  std::array<Atomic<uint64_t>, 4> words_ = {};
};
static_assert(sizeof(OpName) == 40);

}  // namespace tenter
