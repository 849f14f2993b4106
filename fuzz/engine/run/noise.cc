#include "fuzz/engine/run/noise.h"

#include <new>

#include "runtime/base/clock.h"
#include "runtime/base/rng.h"
#include "runtime/engine/sites.h"

namespace tenter::fuzz {

Noise::Noise(const Program& program, uint64_t round)
    : seed_(program.noise == 0 ? 0 : CombineHash(program.noise, round) | 1),
      failing_worker_(program.failing_worker),
      workers_(program.workers) {
  for (const Statement& s : program.statements)
    if (s.out_of_memory) out_of_memory_.insert(s.op);
}

ProbeOutcome Noise::Hit(const Site& site, const ProbeContext& context) {
  if (site.name == engine_sites::kPushAllocate.name &&
      out_of_memory_.contains(OpNumber(context.op)))
    throw std::bad_alloc();
  if (site.name == engine_sites::kWorkerStart.name) {
    if (StartFails(context.worker)) return {.error = {StatusCode::kInjected, "no thread left"}};
    return {};
  }
  if (seed_ != 0) Delay(site, context.op);
  return {};
}

// The construction of the engine starts every worker once, which succeeds; later starts may fail.
// Not that of worker 0, since the child of a fork cannot do without it.
bool Noise::StartFails(int worker) {
  if (worker == failing_worker_) return true;
  const int start = starts_.FetchAdd(1, kRelaxed);
  return start >= workers_ && worker != 0 && seed_ != 0 &&
         CombineHash(seed_, static_cast<uint64_t>(start)) % 4 == 0;
}

void Noise::Delay(const Site& site, std::string_view op) const {
  const uint64_t hash = CombineHash(CombineHash(seed_, HashBytes(site.name)), HashBytes(op));
  switch (hash % 16) {
    case 0:
      return SleepNs(200 * kNsPerUs);
    case 1:
    case 2:
      return SleepNs(1);  // gives the processor away: about 50 us
    case 3:
    case 4:
    case 5: {
      const int64_t until = NowNs() + static_cast<int64_t>(hash >> 32) % (5 * kNsPerUs);
      while (NowNs() < until) {
      }
      return;
    }
    default:
      return;
  }
}

}  // namespace tenter::fuzz
