#include "runtime/engine/look/tracer.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <new>

#include "runtime/base/thread.h"
#include "runtime/engine/look/json_text.h"

namespace tenter {

Tracer::Stripe& Tracer::Mine() { return stripes_[StripeOfThisThread<kStripes>()]; }

void Tracer::Body(std::string_view op, uint64_t push_number, int worker, int64_t start_ns,
                  int64_t end_ns) {
  Stripe& stripe = Mine();
  SmallMutexLock lock(stripe.mutex);
  try {
    stripe.bodies.push_back({std::string(op), push_number, worker, start_ns, end_ns});
  } catch (const std::bad_alloc&) {
    ++stripe.dropped;
  }
}

void Tracer::Released(uint64_t push_number, uint64_t dependent) {
  Stripe& stripe = Mine();
  SmallMutexLock lock(stripe.mutex);
  try {
    stripe.arrows.push_back({push_number, dependent});
  } catch (const std::bad_alloc&) {
    ++stripe.dropped;
  }
}

std::string Tracer::ToJson() const {
  std::map<uint64_t, BodyEvent> bodies;
  std::vector<Arrow> arrows;
  uint64_t dropped = 0;
  for (const Stripe& stripe : stripes_) {
    SmallMutexLock lock(stripe.mutex);
    for (const BodyEvent& body : stripe.bodies) bodies.emplace(body.push_number, body);
    arrows.insert(arrows.end(), stripe.arrows.begin(), stripe.arrows.end());
    dropped += stripe.dropped;
  }
  int64_t start = INT64_MAX;
  for (const auto& [number, body] : bodies) start = std::min(start, body.start_ns);
  // Microseconds, as the format wants them.
  const auto time = [&](int64_t ns) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.3f", static_cast<double>(ns - start) / 1000);
    return std::string(text);
  };
  const auto row = [](int worker) { return ",\"pid\":1,\"tid\":" + std::to_string(worker + 1); };
  std::string json =
      "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped_events\":" + std::to_string(dropped) +
      "},\"traceEvents\":[\n";
  for (const auto& [number, body] : bodies)
    json += "{\"ph\":\"X\",\"name\":" + JsonText(body.op) +
            ",\"cat\":\"op\",\"ts\":" + time(body.start_ns) +
            ",\"dur\":" + time(start + body.end_ns - body.start_ns) + row(body.worker) +
            ",\"args\":{\"push\":" + std::to_string(number) + "}},\n";
  uint64_t id = 0;
  for (const Arrow& arrow : arrows) {
    const auto from = bodies.find(arrow.from), to = bodies.find(arrow.to);
    if (from == bodies.end() || to == bodies.end()) continue;  // one of both did not run
    const std::string common =
        ",\"name\":\"dependency\",\"cat\":\"dependency\",\"id\":" + std::to_string(++id);
    json += "{\"ph\":\"s\"" + common + ",\"ts\":" + time(from->second.end_ns - 1) +
            row(from->second.worker) + "},\n{\"ph\":\"f\",\"bp\":\"e\"" + common +
            ",\"ts\":" + time(to->second.start_ns) + row(to->second.worker) + "},\n";
  }
  return json +
         "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"args\":{\"name\":\"engine\"}}]}\n";
}

}  // namespace tenter
