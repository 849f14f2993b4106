#include "bench/measure/line.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/status.h"
#include "runtime/base/thread.h"

namespace tenter::bench {
namespace {

constexpr uint32_t kTrips = 100;  // there and back, per measurement
constexpr uint32_t kMeasurements = 4;

struct alignas(64) Line {
  Atomic<uint32_t> value = 0;
};

// One processor would never see the other thread's answer without giving way.
void Await(const Line& line, uint32_t value) {
  for (uint32_t look = 1; line.value.Load(kAcquire) != value; ++look)
    if (look % 1000 == 0) YieldThread();
}

// To a thread on the i-th processor, which may be that of the calling thread.
int64_t MeasureTo(int processor) {
  Line line;
  Thread other;
  const Status started = other.Start("line", [&line, processor] {
    PinThisThread(processor);
    for (uint32_t i = 0; i <= kMeasurements * kTrips; ++i) {
      Await(line, 2 * i + 1);
      line.value.Store(2 * i + 2, kRelease);
    }
  });
  if (!started.ok()) throw StatusError(started);
  uint32_t trip = 0;
  const auto there_and_back = [&] {
    line.value.Store(2 * trip + 1, kRelease);
    Await(line, 2 * trip + 2);
    ++trip;
  };
  there_and_back();  // the other thread runs
  int64_t least = std::numeric_limits<int64_t>::max();
  for (uint32_t i = 0; i < kMeasurements; ++i) {
    const int64_t start = NowNs();
    for (uint32_t k = 0; k < kTrips; ++k) there_and_back();
    least = std::min(least, NowNs() - start);
  }
  return least;
}

}  // namespace

double LineNs() { return static_cast<double>(std::min(MeasureTo(0), MeasureTo(1))) / (2 * kTrips); }

}  // namespace tenter::bench
