// SiteOrder: which site was hit next after which, over all threads of a run.
//
// Path: target -> tgt_host.hit -> Injector -> SiteOrder -> summary -> the driver plans two faults
// that strike next to each other.
//
// Thread safety: Note from any thread; Pairs too, and tells of what was noted before. Accesses are
//   relaxed: a hit orders no two threads.
// Ownership and lifetime: a value; a word for each pair of sites.
// Invariants: a pair keeps the hits at which it was seen first.
// Errors: hits beyond 2^32 of one site are not told apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/base/atomic.h"

namespace tenter {

class SiteOrder {
 public:
  // Two sites by their numbers, and the hit of each, from 1, at which the one followed the other.
  struct Pair {
    size_t first, second;
    uint64_t first_hit, second_hit;
  };

  explicit SiteOrder(size_t sites) : sites_(sites), hits_(sites), pairs_(sites * sites) {}

  // It is in injector_hit.cc, which ThreadSanitizer does not watch.
  void Note(size_t site);
  // Of two different sites each, by their numbers.
  std::vector<Pair> Pairs() const;

 private:
  const size_t sites_;
  std::vector<Atomic<uint64_t>> hits_;   // of each site
  std::vector<Atomic<uint64_t>> pairs_;  // both hits, the first one above; 0: not seen
  Atomic<uint64_t> last_ = 0;            // the site and one, and below it its hit
};

}  // namespace tenter
