#include "bench/measure/measure.h"

#include <algorithm>
#include <functional>

#include "bench/measure/line.h"
#include "bench/measure/pushers.h"
#include "runtime/base/clock.h"
#include "runtime/base/status.h"

namespace tenter::bench {
namespace {

bool CanRun(const Contender& contender, const Case& one, bool has_dependencies) {
  const Abilities can = contender.abilities();
  return (can.dependencies || !has_dependencies) && (can.many_pushers || one.pushers == 0) &&
         (can.engine || !one.engines_only) && (can.captures || one.replays == 0) &&
         // Calls without an engine are what efficiency is measured against, and no engine.
         (contender.description().name != "calls" || one.task_ns > 0);
}

void CheckExecuted(const Contender& contender, const std::string& workload, uint64_t done,
                   uint64_t expected) {
  if (done == expected) return;
  throw StatusError({StatusCode::kInternal, contender.description().name + " ran " +
                                                std::to_string(done) + " of " +
                                                std::to_string(expected) + " ops of " + workload});
}

uint64_t OpsOf(const Case& one) { return one.program.size() * std::max<uint64_t>(one.replays, 1); }

// Once, timed; with a Row to add to, or as the warm-up that no figure comes from.
void RunOnce(Contender& contender, const Case& one, Work& work, Row* row) {
  const uint64_t ops = OpsOf(one);
  const uint64_t before = work.done();
  if (row != nullptr) row->series["line_ns"].push_back(LineNs());
  int64_t start = NowNs();
  if (one.replays > 0) {
    for (uint64_t i = 0; i < one.replays; ++i) contender.Replay();
  } else if (one.pushers == 0) {
    contender.Push(0, ops);
  } else {
    start = PushFromThreads(contender, ops, one.pushers);
  }
  const int64_t pushed = NowNs();
  contender.WaitAll();
  const int64_t complete = NowNs();
  CheckExecuted(contender, one.workload, work.done() - before, ops);
  if (one.replays == 0) contender.Reset();  // a captured program stays
  if (row == nullptr) return;
  row->executed += ops;
  row->series["push_ns"].push_back(static_cast<double>(pushed - start));
  row->series["complete_ns"].push_back(static_cast<double>(complete - pushed));
}

double Median(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// What is measured when nothing happens between two readings of the clock.
double EmptyNs() {
  std::vector<double> times(1000);
  for (double& time : times) {
    const int64_t start = NowNs();
    time = static_cast<double>(NowNs() - start);
  }
  return Median(times);
}

void TripOnce(Contender& contender, uint64_t trips, int64_t rest_ns, Work& work, Row& row) {
  std::vector<double> times(trips);
  const uint64_t before = work.done();
  for (double& time : times) {
    if (rest_ns > 0) SleepNs(rest_ns);
    const int64_t start = NowNs();
    contender.RoundTrip(0);
    time = static_cast<double>(NowNs() - start);
  }
  contender.WaitAll();
  CheckExecuted(contender, row.workload, work.done() - before, trips);
  contender.Reset();
  row.executed += trips;
  row.series["p50_ns"].push_back(Median(times));
  row.series["p99_ns"].push_back(times[times.size() * 99 / 100]);
  row.series["empty_ns"].push_back(EmptyNs());
}

// Calls `turn` with every index in each repetition, each time starting with another.
void Interleave(size_t count, uint64_t repeats, const std::function<void(size_t)>& turn) {
  for (uint64_t repeat = 0; repeat < repeats; ++repeat) {
    for (size_t i = 0; i < count; ++i) turn((i + repeat) % count);
  }
}

}  // namespace

std::vector<Row> MeasureCase(const Case& one, const std::vector<Contender*>& contenders,
                             uint64_t repeats) {
  const bool has_dependencies = one.program.HasDependencies();
  Work work(one.task_ns);
  std::vector<Contender*> here;
  std::vector<Row> rows;
  for (Contender* contender : contenders) {
    if (!CanRun(*contender, one, has_dependencies)) continue;
    here.push_back(contender);
    rows.push_back({.workload = one.workload,
                    .parameters = one.parameters,
                    .contender = contender->description().name,
                    .ops = OpsOf(one)});
  }
  for (Contender* contender : here) {
    contender->Prepare(one.program, work);
    if (one.replays > 0) contender->Capture();
    RunOnce(*contender, one, work, nullptr);
  }
  Interleave(here.size(), repeats, [&](size_t i) { RunOnce(*here[i], one, work, &rows[i]); });
  for (Contender* contender : here) contender->Clear();
  return rows;
}

std::vector<Row> MeasureRoundTrips(const std::string& workload,
                                   const std::vector<Contender*>& contenders, uint64_t trips,
                                   uint64_t repeats, int64_t rest_ns) {
  Program program(1);
  program.Add({}, std::vector<uint32_t>{0});
  Work work;
  std::vector<Contender*> here;
  std::vector<Row> rows;
  for (Contender* contender : contenders) {
    const std::string name = contender->description().name;
    if (!contender->abilities().round_trips || name == "calls") continue;
    here.push_back(contender);
    rows.push_back({.workload = workload, .contender = name, .ops = trips});
    contender->Prepare(program, work);
    contender->RoundTrip(0);
    contender->WaitAll();
  }
  Interleave(here.size(), repeats,
             [&](size_t i) { TripOnce(*here[i], trips, rest_ns, work, rows[i]); });
  for (Contender* contender : here) contender->Clear();
  return rows;
}

}  // namespace tenter::bench
