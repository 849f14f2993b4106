#include "bench/measure/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <utility>

#include "bench/program/push_op.h"
#include "bench/program/work.h"
#include "runtime/base/mutex.h"

namespace tenter::bench {
namespace {

struct Usage {
  double allocated;
  double resident;
};

Usage Now() {
  const struct mallinfo2 info = mallinfo2();
  long total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return {static_cast<double>(info.uordblks + info.hblkhd),
          static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE))};
}

void Add(Row& row, const Usage& before, const Usage& after) {
  row.series["allocated_bytes"].push_back(after.allocated - before.allocated);
  row.series["resident_bytes"].push_back(after.resident - before.resident);
}

// An op that keeps its completion here holds back everything that reads what it writes.
class Gate {
 public:
  void Hold(Completion completion) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    held_.emplace(std::move(completion));
    holding_.NotifyOne();
  }
  void AwaitHeld() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!held_) holding_.Wait(mutex_);
  }
  void Open() EXCLUDES(mutex_) {
    std::optional<Completion> held;
    {
      MutexLock lock(mutex_);
      held.emplace(std::move(*held_));
      held_.reset();
    }
    held->Done();
  }

 private:
  Mutex mutex_;
  CondVar holding_;
  std::optional<Completion> held_ GUARDED_BY(mutex_);
};

// Every op has one read and one write, as the pending ones.
void MeasureCaptured(Engine& engine, Var shut, const std::vector<Var>& vars, Work& work,
                     Row& captured) {
  const uint64_t done = work.done();
  const Usage before = Now();
  Recording recording;
  for (const Var& var : vars)
    RecordOp(recording, std::span(&shut, 1), std::span(&var, 1),
             [&work](const OpContext&) { work.Run(); });
  const ProgramPtr program = engine.Capture(std::move(recording)).value();
  Add(captured, before, Now());
  engine.Replay(program).value();
  engine.WaitForAll();
  captured.executed += work.done() - done;
}

void MeasureOnce(uint64_t count, Row& idle, Row& pending, Row& captured) {
  Gate gate;
  Work work;
  // Made before the first reading, so that the benchmark's own list is not counted.
  std::vector<Var> vars(count);
  const std::unique_ptr<Engine> engine = MakeEngine(EngineOptions{.workers = 2});
  const Var shut = engine->NewVar().value();
  const Usage empty = Now();
  for (Var& var : vars) var = engine->NewVar().value();
  const Usage full = Now();
  Add(idle, empty, full);
  PushOp(*engine, {}, std::span(&shut, 1),
         [&gate](const OpContext&, Completion completion) { gate.Hold(std::move(completion)); });
  gate.AwaitHeld();
  const Usage before = Now();
  for (const Var& var : vars) {
    PushOp(*engine, std::span(&shut, 1), std::span(&var, 1),
           [&work](const OpContext&) { work.Run(); });
  }
  Add(pending, before, Now());
  gate.Open();
  engine->WaitForAll();
  if (work.done() != count) throw StatusError({StatusCode::kInternal, "ops behind the gate lost"});
  idle.executed += count;
  pending.executed += count;
  MeasureCaptured(*engine, shut, vars, work, captured);
}

}  // namespace

std::vector<Row> MeasureMemory(const Options& options) {
  Row idle{.workload = "bytes per idle variable", .contender = "tenter", .ops = options.live};
  Row pending{.workload = "bytes per pending op", .contender = "tenter", .ops = options.live};
  Row captured{.workload = "bytes per captured op", .contender = "tenter", .ops = options.live};
  // Once: the allocator keeps what a first engine gave back, and a second would reuse it.
  MeasureOnce(options.live, idle, pending, captured);
  std::vector<Row> rows;
  if (options.Wants(idle.workload)) rows.push_back(std::move(idle));
  if (options.Wants(pending.workload)) rows.push_back(std::move(pending));
  if (options.Wants(captured.workload)) rows.push_back(std::move(captured));
  return rows;
}

}  // namespace tenter::bench
