// Vectors of the compiler, in which own kernels are written: once, for machines of three widths.
//
// Path: a kernel's template<int kWidth> -> TENTER_FOR_EACH_MACHINE makes a function of it for each
// machine -> WidthOfThisMachine() says which of them a kernel takes when it is made.
//
// Thread safety: any thread.
// Ownership and lifetime: nothing is owned.
// Invariants: what is marked TENTER_INLINE is inlined into the functions for one machine each, so
//   that no vector is ever passed from one to another.
#pragma once

#include <cstdint>

#define TENTER_INLINE [[gnu::always_inline]] inline

// MAKE(name, machine, width) for each kind of machine; of others than x86-64 there is only one.
#if defined(__x86_64__)
#define TENTER_FOR_EACH_MACHINE(MAKE) \
  MAKE(Widest, "avx512f", 16)         \
  MAKE(Wide, "avx2,fma", 8)           \
  MAKE(Plain, "sse2", 4)
#endif

namespace tenter {

template <int kWidth>
struct Vectors {
  typedef float Type __attribute__((vector_size(4 * kWidth)));
  typedef double Wide __attribute__((vector_size(8 * kWidth)));
};

// In floats.
inline int WidthOfThisMachine() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return 16;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 8;
#endif
  return 4;
}

// Of the three functions that TENTER_FOR_EACH_MACHINE made, that for vectors of so many floats.
template <typename Function>
Function ForWidth(int64_t width, Function widest, Function wide, Function plain) {
  return width >= 16 ? widest : width >= 8 ? wide : plain;
}

}  // namespace tenter
