// Minimise: from the case that a campaign found to the smallest program that comes back.
//
// The case itself is shrunk first; then, since a racy program hides what matters, other cases with
// the same finding that are small from the start; last, delays that bring a race back more often.
//
// Thread safety: the parent must have one thread only (RunInChild).
// Ownership and lifetime: values.
// Invariants: (1) the kind of the finding stays the same, unless the first one comes back rarely or
//   never, and a smaller program with another one does. (2) the program came back, or it is the one
//   that the campaign found.
// Errors: where the time is over it stops with the best so far.
#pragma once

#include <functional>
#include <string>

#include "fuzz/frame/batch.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz {

struct Minimal {
  std::string program;
  int came_back = 0, tried = 0;  // the program, run again
  Finding finding;               // when it came back: told of this program
};

// Called at each step with the seconds since the beginning and the ops of the smallest program that
// failed so far.
using Shrinking = std::function<void(double, int)>;

Minimal Minimise(const Subject& subject, const CampaignOptions& options,
                 const std::string& original, const std::string& kind, const Shrinking& shrinking);

}  // namespace tenter::fuzz
