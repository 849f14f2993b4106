// OpName: the name of a pending op. Short names live inside, long ones keep their buffer, so that
// naming a reused op allocates nothing once warm; and the first 31 bytes can be read at any moment,
// by a watchdog that runs beside or inside whatever writes them.
//
// Thread safety: Set and view belong to the owner of the op; Peek may be called from anywhere, also
//   from a signal handler, and reads a mixture at worst.
// Ownership and lifetime: owns its bytes.
// Invariants: the last inline byte is 31 minus the length, so 0 for 31 bytes, or 255 when the name
//   is long and lies in `rest_` as a whole.
// Errors: Set throws std::bad_alloc.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/atomic.h"

namespace tenter {

class OpName {
 public:
  static constexpr size_t kPeeked = 31;

  void Set(std::string_view name) {
    char bytes[kPeeked + 1] = {};
    const size_t kept = std::min(name.size(), kPeeked);
    std::memcpy(bytes, name.data(), kept);
    bytes[kPeeked] = static_cast<char>(name.size() <= kPeeked ? kPeeked - kept : 255);
    if (name.size() > kPeeked) {
      if (rest_ == nullptr) rest_ = std::make_unique<std::string>();
      rest_->assign(name);
    }
    for (size_t i = 0; i < words_.size(); ++i) {
      uint64_t word;
      std::memcpy(&word, bytes + i * sizeof(word), sizeof(word));
      words_[i].Store(word, kRelaxed);
    }
  }

  std::string_view view() const {
    const char* bytes = reinterpret_cast<const char*>(words_.data());
    const auto left = static_cast<unsigned char>(bytes[kPeeked]);
    return left == 255 ? std::string_view(*rest_) : std::string_view(bytes, kPeeked - left);
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
  std::array<Atomic<uint64_t>, 4> words_ = {};
  std::unique_ptr<std::string> rest_;
};
static_assert(sizeof(OpName) == 40);

}  // namespace tenter
