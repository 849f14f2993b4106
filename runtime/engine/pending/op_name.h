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
    char bytes[kPeeked + 1] = {};
    std::memcpy(bytes, name.data(), std::min(name.size(), kPeeked));
    for (size_t i = 0; i < words_.size(); ++i) {
      uint64_t word;
      std::memcpy(&word, bytes + i * sizeof(word), sizeof(word));
      words_[i].Store(word, kRelaxed);
    }
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
  std::unique_ptr<std::string> rest_;
  std::array<Atomic<uint64_t>, 4> words_ = {};
};
static_assert(sizeof(OpName) == 40);

}  // namespace tenter
