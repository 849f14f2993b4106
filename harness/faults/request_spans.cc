#include "harness/faults/request_spans.h"

#include <algorithm>
#include <bit>
#include <map>

#include "runtime/base/rng.h"

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

RequestSpans::Span* RequestSpans::SpanOf(int64_t request) {
  const uint64_t key = static_cast<uint64_t>(request) + 1;
  const size_t first = CombineHash(key, 0);
  for (size_t i = 0; i < spans_.size(); ++i) {
    Span& span = spans_[(first + i) & (spans_.size() - 1)];
    uint64_t owner = span.key.Load(kRelaxed);
    // A loop, since an exchange may fail without a reason.
    while (owner == 0 && !span.key.CompareExchange(&owner, key, kRelaxed)) {
    }
    if (owner == 0 || owner == key) return &span;
  }
  return nullptr;
}

void RequestSpans::Note(int64_t request) {
  Span* const span = SpanOf(request);
  if (span == nullptr) return;
  const uint64_t hit = hits_.FetchAdd(1, kRelaxed) + 1;
  uint64_t first = span->first.Load(kRelaxed), last = span->last.Load(kRelaxed);
  while (hit < first && !span->first.CompareExchange(&first, hit, kRelaxed)) {
  }
  while (hit > last && !span->last.CompareExchange(&last, hit, kRelaxed)) {
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
