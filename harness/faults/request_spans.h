// RequestSpans: how many requests were running together, known from the sites that they hit.
//
// Path: target -> tgt_host.hit -> Injector -> RequestSpans -> the workload compares with the limit.
//
// A request runs from its first hit to its last, at least; what it does before and after is not
// seen. So the number is never too high, whatever the schedule, and it owes nothing to what the
// target counts itself.
//
// Thread safety: its owner guards it.
// Ownership and lifetime: a value; a few words for each request.
// Invariants: hits are noted one after the other, in an order in which causes come before effects:
//   when one request waits for the end of another, their spans do not overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace tenter {

class RequestSpans {
 public:
  void Note(int64_t request);

  // The most requests whose spans have a hit in common.
  size_t MostTogether() const;

 private:
  struct Span {
    uint64_t first = 0, last = 0;  // numbers of hits
  };
  std::map<int64_t, Span> spans_;
  uint64_t hits_ = 0;
};

}  // namespace tenter
