#include "harness/faults/request_spans.h"

#include <algorithm>

namespace tenter {

void RequestSpans::Note(int64_t request) {
  const uint64_t hit = ++hits_;
  const auto [place, fresh] = spans_.try_emplace(request, Span{hit, hit});
  if (!fresh) place->second.last = hit;
}

size_t RequestSpans::MostTogether() const {
  // How many more requests are running from this hit on. A span holds its last hit, too.
  std::map<uint64_t, int> steps;
  for (const auto& [request, span] : spans_) {
    ++steps[span.first];
    --steps[span.last + 1];
  }
  int running = 0, most = 0;
  for (const auto& [hit, step] : steps) most = std::max(most, running += step);
  return static_cast<size_t>(most);
}

}  // namespace tenter
