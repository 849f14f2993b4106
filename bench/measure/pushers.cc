#include "bench/measure/pushers.h"

#include "bench/measure/together.h"

namespace tenter::bench {

int64_t PushFromThreads(Contender& contender, size_t ops, int pushers) {
  const auto count = static_cast<size_t>(pushers);
  return RunTogether(count, "pusher", [&](size_t i) {
    // Rounded up, as op * pushers / ops tells to whom an op belongs.
    contender.Push((i * ops + count - 1) / count, ((i + 1) * ops + count - 1) / count);
  });
}

}  // namespace tenter::bench
