#include "harness/faults/site_order.h"

namespace tenter {

std::vector<SiteOrder::Pair> SiteOrder::Pairs() const {
  std::vector<Pair> pairs;
  for (size_t first = 0; first < sites_; ++first)
    for (size_t second = 0; second < sites_; ++second) {
      const uint64_t hits = pairs_[first * sites_ + second].Load(kRelaxed);
      if (hits != 0 && first != second)
        pairs.push_back({first, second, hits >> 32, hits & 0xffffffff});
    }
  return pairs;
}

}  // namespace tenter
