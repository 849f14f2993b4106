#include "fuzz/engine/run/execute.h"

#include "fuzz/engine/ends/planned.h"
#include "fuzz/engine/run/execution.h"
#include "fuzz/engine/run/noise.h"
#include "fuzz/process/thread_count.h"

namespace tenter::fuzz {
namespace {

EngineOptions OptionsOf(const Program& program, Noise* noise) {
  EngineOptions options{.workers = program.workers, .error_policy = program.policy, .probe = noise};
  if (program.idle) {
    options.spin_ns = 0;
    options.idle_ns = 20 * kNsPerUs;
  }
  return options;
}

void Run(const Program& program, const Tools& tools, uint64_t round, Notes& notes) {
  const int threads_before = program.failing_worker < 0 ? 0 : ThreadCount();
  Noise noise(program, round);
  std::unique_ptr<Engine> engine;
  try {
    engine = MakeEngine(OptionsOf(program, &noise));
  } catch (const StatusError& error) {
    notes.history().construction = error.status().code();
    notes.history().live_workers_left = ThreadsLeft(threads_before);
    return;
  }
  Execution execution(program, tools, round, notes, std::move(engine));
  execution.Run();
  notes.history().bodies_left = execution.bodies_left();
}

}  // namespace

History Execute(const Program& program, const Tools& tools, uint64_t round) {
  const int64_t planned_before = LivePlanned();
  Notes notes(program);
  tools.watchdog->Begin();
  Run(program, tools, round, notes);
  if (!tools.InChild()) tools.watchdog->End();
  // The history keeps no exception, so that whatever is left is a leak of the engine.
  notes.history().exceptions_left = LivePlanned() - planned_before;
  return notes.Take();
}

}  // namespace tenter::fuzz
