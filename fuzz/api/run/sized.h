// Sized: options or an op that say how long they are, which may be longer than the runtime knows.
//
// Path: Line -> Sized -> the C API.
//
// Thread safety: belongs to one call.
#pragma once

#include <cstddef>
#include <cstring>

#include "fuzz/api/program.h"

namespace tenter::fuzz::api {

template <typename Options>
struct Sized {
  Options options = {};
  unsigned char behind[kMostBehind] = {};

  explicit Sized(const Line& line) {
    static_assert(offsetof(Sized, behind) == sizeof(Options));
    if (line.size == Size::kMore) behind[line.at] = static_cast<unsigned char>(line.byte);
    options.struct_size = SizeOf(line);
  }
  // All but the size.
  void Set(const Options& set) {
    const size_t size = options.struct_size;
    options = set;
    options.struct_size = size;
  }

 private:
  static size_t SizeOf(const Line& line) {
    if (line.size == Size::kShort) return 8;
    if (line.size == Size::kNone) return 4;
    return sizeof(Options) + (IsLonger(line.size) ? static_cast<size_t>(line.behind) : 0);
  }
};

}  // namespace tenter::fuzz::api
