#include "fuzz/engine/run/drain.h"

#include <algorithm>

#include "fuzz/engine/run/look.h"

namespace tenter::fuzz {

void Drain::Run(Bodies& bodies, const Letters& letters, const Scopes& scopes,
                const CapturedPrograms& captured) {
  // Bodies may push until the last op has ended.
  size_t late = 0;
  do late += WaitForAll();
  while (engine_.counts().live_ops > 0);
  bodies.UseHeldHandles();
  AwaitLate(late);
  History& history = notes_.history();
  history.sync_bodies_left = bodies.sync_alive();
  LookAtVars(bodies, letters);
  WaitForAll();
  for (const auto& [number, scope] : scopes.all()) {
    Caught caught;
    history.final_scopes.push_back({number, {}});
    LookAtScope(*scope, &history.final_scopes.back().second, &caught);
  }
  TENTER_CHECK(engine_.Stop(StopMode::kDrain).ok(), "the last stop was refused");
  history.counts = engine_.counts();
  history.programs_alive = captured.alive();
  history.programs_released = captured.released();
}

// Returns how many failures of bodies after the end of their op it reported.
size_t Drain::WaitForAll() {
  Caught caught;
  std::vector<FailureSeen> reported;
  LookAtAll(engine_, &reported, &caught);
  const size_t late = CountLate(reported);
  if (!reported.empty()) notes_.history().final_reported.push_back(std::move(reported));
  return late;
}

// Not of racing ops: whether those fail late is chance.
size_t Drain::CountLate(const std::vector<FailureSeen>& reported) const {
  const auto races = [&](const FailureSeen& f) {
    return std::any_of(program_.statements.begin(), program_.statements.end(),
                       [&](const Statement& s) { return Races(s) && s.op == OpNumber(f.op); });
  };
  return static_cast<size_t>(std::count_if(
      reported.begin(), reported.end(),
      [&](const FailureSeen& f) { return f.place == FailurePlace::kAfterEnd && !races(f); }));
}

size_t Drain::ExpectedLate() const {
  size_t expected = 0;
  for (const StatementSeen& seen : notes_.history().statements) {
    expected += seen.throws_late;
    for (const RunSeen& run : seen.replays) expected += run.throws_late;
  }
  return expected;
}

// What a body throws after its op has ended is reported when the body has returned, which no wait
// waits for.
void Drain::AwaitLate(size_t reported) {
  for (const StatementSeen& seen : notes_.history().statements)
    reported += CountLate(seen.reported);
  if (!tools_.InChild()) tools_.watchdog->Extend(2 * tools_.patience_ns);
  const int64_t deadline = NowNs() + tools_.patience_ns;
  while (reported < ExpectedLate() && NowNs() < deadline) {
    SleepNs(1);
    reported += WaitForAll();
  }
}

void Drain::LookAtVars(const Bodies& bodies, const Letters& letters) {
  const std::vector<Handle>& instances = letters.instances();
  std::vector<VarSeen>& seen = notes_.history().final_vars;
  seen.resize(instances.size());
  for (size_t i = 0; i < instances.size(); ++i) {
    LookAtVar(
        engine_, instances[i].var, [this] { return notes_.Stamp(); }, &seen[i]);
    bodies.ReadValue(static_cast<int>(i), &seen[i]);
  }
}

}  // namespace tenter::fuzz
