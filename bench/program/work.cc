#include "bench/program/work.h"

#include <algorithm>
#include <limits>

#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

constexpr uint64_t kSteps = 200'000;
constexpr int kTrials = 20;

// The quickest of several trials, since whatever disturbs one makes it slower.
double NsPerStep() {
  int64_t best = std::numeric_limits<int64_t>::max();
  for (int trial = 0; trial < kTrials; ++trial) {
    const int64_t start = NowNs();
    Spin(kSteps);
    best = std::min(best, NowNs() - start);
  }
  return static_cast<double>(std::max<int64_t>(best, 1)) / kSteps;
}

}  // namespace

uint64_t StepsFor(int64_t ns) {
  static const double ns_per_step = NsPerStep();
  return std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<double>(ns) / ns_per_step));
}

}  // namespace tenter::bench
