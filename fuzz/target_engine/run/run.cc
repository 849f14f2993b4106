#include "fuzz/target_engine/run/run.h"

#include "fuzz/engine/ends/planned.h"
#include "fuzz/frame/site_delays.h"
#include "fuzz/target_engine/run/running.h"

namespace tenter::fuzz::target_engine {
namespace {

constexpr uint64_t kMostDelayNs = 200'000;
constexpr int kMostLooks = 500;

tgt_host HostOf(SiteDelays* delays) {
  return {delays,
          [](void* self, const tgt_hit*, tgt_fault*) { static_cast<SiteDelays*>(self)->Delay(); }};
}

}  // namespace

TargetHistory RunProgram(const Program& program, const tgt_target& table, uint64_t round,
                         Watchdog* watchdog) {
  const int64_t planned_before = LivePlanned();
  Notes notes(program);
  TargetHistory history;
  watchdog->Begin();
  {
    SiteDelays delays(program.noise, round, kMostDelayNs);
    const auto target = TargetInstance::Open(&table, HostOf(&delays));
    TENTER_CHECK(target.ok(), target.status().message());
    Running(program, **target, watchdog, &notes, &history).Run();
  }
  watchdog->End();
  history.calls = notes.Take();
  // The history keeps no exception, so that whatever is left is a leak of the target. The threads
  // of a pool may still be leaving what caught the last one.
  for (int i = 0; i < kMostLooks && LivePlanned() != planned_before; ++i) SleepNs(kNsPerMs);
  history.calls.exceptions_left = LivePlanned() - planned_before;
  return history;
}

}  // namespace tenter::fuzz::target_engine
