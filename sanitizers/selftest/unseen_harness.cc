// Must be reported: two threads write to one integer without order, the second long after the
// first, and between the two both call one part of the harness that every call into a target
// passes. A part that ordered the threads would hide this race, and with it those of the target.
//
// Argument: the part. `apart` is the recorder after 3,000 calls, and `hits_apart` the injector
// after 6,000 hits: what a thread did so long ago is still known to the sanitizer.
//
// The second thread waits for the first by a relaxed flag, which orders nothing.
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "harness/checks/check_board.h"
#include "harness/faults/injector.h"
#include "harness/faults/known_sites.h"
#include "harness/flight/flight.h"
#include "harness/workloads/collisions.h"
#include "harness/workloads/inference/inference_errors.h"
#include "harness/workloads/programs/completer.h"
#include "harness/workloads/progress.h"
#include "runtime/base/atomic.h"
#include "runtime/base/thread.h"

namespace {

using namespace tenter;  // NOLINT: a program of one file

constexpr int kCallsApart = 3000;

int written = 0;
// Not inlined, so that a report names it.
[[gnu::noinline]] void WriteAsATarget(int value) { written = value; }

// Runs `part` on two threads, one after the other, `times` times on the first.
bool Race(const std::function<void()>& part, int times = 1) {
  Atomic<bool> first_is_through = false;
  Thread threads[2];
  const bool started = threads[0]
                           .Start("first",
                                  [&] {
                                    WriteAsATarget(1);
                                    for (int i = 0; i < times; ++i) part();
                                    first_is_through.Store(true, kRelaxed);
                                  })
                           .ok() &&
                       threads[1]
                           .Start("second",
                                  [&] {
                                    while (!first_is_through.Load(kRelaxed)) YieldThread();
                                    part();
                                    WriteAsATarget(2);
                                  })
                           .ok();
  for (Thread& thread : threads) thread.Join();
  return started;
}

bool RaceOverInjector(const std::string& plan, Flight* flight, int hits = 1) {
  const auto sites = KnownSites();
  Injector injector(ParseFaultPlan(plan, sites).value(), sites, 1, flight);
  injector.FollowRequests(8);
  if (!injector.Arm().ok()) return false;
  return Race(
      [&] {
        tgt_fault fault = {};
        injector.Hit({"engine.op.body", "conv", 0, 7, 0}, &fault);
      },
      hits);
}

// Calls as a recorded target makes them: a lock of the target's own, and two events.
bool RaceFarApart(Flight* flight) {
  return Race(
      [&] {
        Mutex own;
        MutexLock lock(own);
        flight->Write({.kind = FlightKind::kCall, .name = "op"});
        flight->Write({.kind = FlightKind::kReturn, .name = "op"});
      },
      kCallsApart);
}

bool RaceOver(const std::string& part) {
  const std::string path = "unseen_harness." + part + ".flight";
  std::remove(path.c_str());
  const auto flight = Flight::Open(path, {}, {}).value();
  std::remove(path.c_str());
  CheckBoard board({"determinism"}, [](const Finding&) {});
  InFlightGauge gauge;
  CallCounter counter;
  InferenceErrors errors(&board, true);
  Progress progress;
  Completer completer;
  if (!completer.Start().ok()) return false;
  const std::map<std::string, std::function<bool()>> parts = {
      {"flight", [&] { return Race([&] { flight->Write({.kind = FlightKind::kCall}); }); }},
      {"apart", [&] { return RaceFarApart(flight.get()); }},
      {"hits_apart", [&] { return RaceOverInjector("", flight.get(), 2 * kCallsApart); }},
      {"injector", [&] { return RaceOverInjector("", flight.get()); }},
      {"injector_fires", [&] { return RaceOverInjector("engine.op.body=delay(1)", flight.get()); }},
      {"gauge", [&] { return Race([&] { gauge.Leave(gauge.Enter()); }); }},
      {"counter", [&] { return Race([&] { counter.Add(); }); }},
      {"board", [&] { return Race([&] { board.Examine(kDeterminism); }); }},
      {"report",
       [&] { return Race([&] { board.Report({.check = &kLeak, .what = "w", .title = "t"}); }); }},
      {"errors", [&] { return Race([&] { errors.Add({}); }); }},
      {"completer", [&] { return Race([&] { completer.Add([] {}); }); }},
      {"progress", [&] { return Race([&] { progress.Step(); }); }},
  };
  const auto race = parts.find(part);
  return race != parts.end() && race->second();
}

}  // namespace

int main(int argc, char** argv) {
  const bool ran = argc == 2 && RaceOver(argv[1]);
  if (!ran) std::fprintf(stderr, "no such part, or it could not run\n");
  std::printf("last written: %d\n", written);
  return ran ? 0 : 1;
}
