#include "fuzz/engine/hunt/engine_counts.h"

#include <algorithm>
#include <array>

namespace tenter::fuzz {
namespace {

enum class Count {
  kCases,
  kOps,
  kSeveralPushers,
  kFailingOps,
  kAsyncOps,
  kDeletes,
  kWaits,
  kWaitAlls,
  kLooks,
  kStops,
  kCancels,
  kPushesInside,
  kWaitsInside,
  kOutOfMemory,
  kRunDependents,
  kNaive,
  kGated,
  kIdle,
  kForks,
  kParity,
  kRecordedOps,
  kReplays,
  kTimesOut,
  kRaces,
  kScopedOps,
  kScopeCancels,
  kScopeDeadlines,
  kScopedReplays,
  kBulkOps,
  kMeetings,
  kManyVars,
  kCrowds,
  kRounds,
  kEnd
};

constexpr std::array kNames = std::to_array<std::string_view>(
    {"cases",        "ops",           "several_pushers", "failing_ops",
     "async_ops",    "deletes",       "waits",           "wait_alls",
     "looks",        "stops",         "cancels",         "pushes_inside",
     "waits_inside", "out_of_memory", "run_dependents",  "naive",
     "gated",        "idle",          "forks",           "parity",
     "recorded_ops", "replays",       "times_out",       "races",
     "scoped_ops",   "scope_cancels", "scope_deadlines", "scoped_replays",
     "bulk_ops",     "meetings",      "many_vars",       "crowds",
     "rounds"});
static_assert(kNames.size() == static_cast<size_t>(Count::kEnd));

}  // namespace

std::span<const std::string_view> EngineCountNames() { return kNames; }

void CountCase(const Program& p, const std::function<void(size_t, uint64_t)>& add_index) {
  const auto add = [&](Count what, uint64_t n) { add_index(static_cast<size_t>(what), n); };
  const auto statements = [&](auto is) {
    return static_cast<uint64_t>(std::count_if(p.statements.begin(), p.statements.end(), is));
  };
  add(Count::kCases, 1);
  add(Count::kOps, static_cast<uint64_t>(Ops(p)));
  add(Count::kSeveralPushers, Threads(p) > 1);
  add(Count::kFailingOps, statements([](const Statement& s) {
        return s.throws != Type::kNone || s.fails != Type::kNone || s.ends == Ends::kNever ||
               s.ends == Ends::kDropped || s.ends == Ends::kHeld;
      }));
  add(Count::kAsyncOps, statements([](const Statement& s) { return s.ends != Ends::kSync; }));
  add(Count::kDeletes, statements([](const Statement& s) { return s.verb == Verb::kDelete; }));
  add(Count::kWaits, statements([](const Statement& s) { return s.verb == Verb::kWait; }));
  add(Count::kWaitAlls, statements([](const Statement& s) { return s.verb == Verb::kWaitAll; }));
  add(Count::kLooks, statements([](const Statement& s) { return s.verb == Verb::kLook; }));
  add(Count::kStops, statements([](const Statement& s) { return s.verb == Verb::kStop; }));
  add(Count::kCancels, CanCancel(p));
  add(Count::kPushesInside,
      statements([](const Statement& s) { return s.actor.is_op && s.verb == Verb::kPush; }));
  add(Count::kWaitsInside, statements([](const Statement& s) {
        return s.actor.is_op && (s.verb == Verb::kWait || s.verb == Verb::kWaitAll);
      }));
  add(Count::kOutOfMemory, statements([](const Statement& s) { return s.out_of_memory; }));
  add(Count::kRunDependents, p.policy == ErrorPolicy::kRunDependents);
  add(Count::kNaive, p.workers == 0);
  add(Count::kGated, p.gated);
  add(Count::kIdle, p.idle);
  add(Count::kForks, statements([](const Statement& s) { return s.verb == Verb::kFork; }));
  add(Count::kParity, p.parity);
  add(Count::kCrowds, p.crowd > 0);
  add(Count::kRounds, statements([](const Statement& s) { return s.verb == Verb::kRounds; }));
  add(Count::kRecordedOps,
      statements([](const Statement& s) { return s.verb == Verb::kPush && s.program != 0; }));
  add(Count::kReplays, statements([](const Statement& s) { return s.verb == Verb::kReplay; }));
  add(Count::kBulkOps, statements([](const Statement& s) { return s.bulk != 0; }));
  add(Count::kMeetings, statements([](const Statement& s) { return s.meets != 0; }));
  add(Count::kManyVars, statements([](const Statement& s) {
        return s.verb == Verb::kPush && s.reads.size() + s.writes.size() > 16;
      }));
  add(Count::kTimesOut,
      statements([](const Statement& s) { return s.ends == Ends::kHeld || s.short_deadline; }));
  add(Count::kRaces, statements(Races));
  add(Count::kScopedOps,
      statements([](const Statement& s) { return s.verb == Verb::kPush && s.scope != 0; }));
  add(Count::kScopeDeadlines,
      statements([](const Statement& s) { return s.verb == Verb::kTimeout && !s.far_deadline; }));
  add(Count::kScopedReplays,
      statements([](const Statement& s) { return s.verb == Verb::kReplay && s.scope != 0; }));
  add(Count::kScopeCancels, statements([](const Statement& s) { return s.verb == Verb::kCancel; }));
}

}  // namespace tenter::fuzz
