// RequestSpans: how many requests were running together, known from the sites that they hit.
//
// Path: target -> tgt_host.hit -> Injector -> RequestSpans -> the workload compares with the limit.
//
// A request runs from its first hit to its last, at least; what it does before and after is not
// seen. So the number is never too high, whatever the schedule, and it owes nothing to what the
// target counts itself.
//
// Thread safety: Note from any thread; the rest while nobody notes. Accesses are relaxed: a hit
//   orders no two threads.
// Ownership and lifetime: a value; three words for each request that there is room for.
// Invariants: hits have numbers in an order in which causes come before effects, since they are
//   drawn from one atomic: when one request waits for the end of another, their spans do not
//   overlap.
// Errors: requests beyond those that there is room for are not counted: the number is too low then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/base/atomic.h"

namespace tenter {

class RequestSpans {
 public:
  explicit RequestSpans(size_t requests_at_most);

  // Forgets all requests.
  void Clear();
  // REQUIRES: request >= 0. It is in injector_hit.cc.
  void Note(int64_t request);

  // The most requests whose spans have a hit in common.
  size_t MostTogether() const;

 private:
  struct Span {
    Atomic<uint64_t> key = 0;                         // the request and one; 0: free
    Atomic<uint64_t> first = ~uint64_t{0}, last = 0;  // numbers of hits
  };

  std::vector<Span> spans_;  // open addressing; a power of two
  Atomic<uint64_t> hits_ = 0;
};

}  // namespace tenter
