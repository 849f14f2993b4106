#include "harness/faults/request_spans.h"

#include <algorithm>
#include <bit>
#include <map>

namespace tenter {

RequestSpans::RequestSpans(size_t requests_at_most)
    : spans_(std::bit_ceil(2 * std::max<size_t>(requests_at_most, 8))) {}

void RequestSpans::Clear() {
  for (Span& span : spans_) {
    span.key.Store(0, kRelaxed);
    span.first.Store(~uint64_t{0}, kRelaxed);
    span.last.Store(0, kRelaxed);
  }
}

size_t RequestSpans::MostTogether() const {
  // How many more requests are running from this hit on. A span holds its last hit, too.
  std::map<uint64_t, int> steps;
  for (const Span& span : spans_) {
    if (span.last.Load(kRelaxed) == 0) continue;
    ++steps[span.first.Load(kRelaxed)];
    --steps[span.last.Load(kRelaxed) + 1];
  }
  int running = 0, most = 0;
  for (const auto& [hit, step] : steps) most = std::max(most, running += step);
  return static_cast<size_t>(most);
}

}  // namespace tenter
