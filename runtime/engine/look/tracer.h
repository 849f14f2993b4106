// Tracer: what ran where and when, and what it waited for, as a file for chrome://tracing and
// Perfetto: one row per worker, one bar per body, an arrow from each op to every op that it let go.
//
// Path: EngineOptions::tracer -> the workers record -> ToJson after the run.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: borrowed by the engine; outlives it.
// Invariants: without a tracer the engine pays one predicted branch per op.
// Errors: an event that finds no memory is dropped, and the file says how many were.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/small_mutex.h"

namespace tenter {

class Tracer {
 public:
  // A body ran on `worker` (-1: on the pushing thread) between two readings of NowNs.
  void Body(std::string_view op, uint64_t push_number, int worker, int64_t start_ns,
            int64_t end_ns);

  // The end of one op let another go on one var.
  void Released(uint64_t push_number, uint64_t dependent);

  // All events so far, in the JSON format of Chrome's trace viewer ("Trace Event Format").
  std::string ToJson() const;

 private:
  struct BodyEvent {
    std::string op;
    uint64_t push_number;
    int worker;
    int64_t start_ns, end_ns;
  };
  struct Arrow {
    uint64_t from, to;
  };
  // Threads record on different stripes, mostly.
  struct alignas(64) Stripe {
    mutable SmallMutex mutex;
    std::vector<BodyEvent> bodies GUARDED_BY(mutex);
    std::vector<Arrow> arrows GUARDED_BY(mutex);
    uint64_t dropped GUARDED_BY(mutex) = 0;
  };
  Stripe& Mine();

  static constexpr size_t kStripes = 8;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace tenter
