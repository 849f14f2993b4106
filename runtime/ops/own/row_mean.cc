#include "runtime/ops/own/row_mean.h"

#include <cstring>

#include "runtime/base/tsan.h"
#include "runtime/ops/own/vectors.h"

namespace tenter {
namespace {

// Two sums for each lane, so that one addition need not wait for the one before.
template <int kWidth>
TENTER_INLINE void Means(const float* in, int64_t rows, int64_t columns, float* out) {
  using V = typename Vectors<kWidth>::Type;
  for (int64_t i = 0; i < rows; ++i, in += columns) {
    V sums[2] = {};
    int64_t k = 0;
    for (; k + 2 * kWidth <= columns; k += 2 * kWidth)
      for (int half = 0; half < 2; ++half) {
        V next;
        std::memcpy(&next, in + k + half * kWidth, sizeof(V));
        sums[half] += next;
      }
    const V both = sums[0] + sums[1];
    float sum = 0.0f;
    for (int lane = 0; lane < kWidth; ++lane) sum += both[lane];
    for (; k < columns; ++k) sum += in[k];
    out[i] = sum / static_cast<float>(columns);
  }
}

#define TENTER_VARIANT(name, machine, width)                                                     \
  TENTER_UNSEEN __attribute__((target(machine))) void name##Means(const float* in, int64_t rows, \
                                                                  int64_t columns, float* out) { \
    Means<width>(in, rows, columns, out);                                                        \
  }

#if defined(__x86_64__)
TENTER_FOR_EACH_MACHINE(TENTER_VARIANT)
#endif

}  // namespace

ComputeMeans MeansOfRows() {
#if defined(__x86_64__)
  return ForWidth(WidthOfThisMachine(), WidestMeans, WideMeans, PlainMeans);
#else
  return Means<4>;
#endif
}

}  // namespace tenter
