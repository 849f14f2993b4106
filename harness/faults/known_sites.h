// KnownSites: every fault site of the reference runtime, for strict names and for the catalogue.
//
// Thread safety: constant.
// Ownership and lifetime: static storage.
// Invariants: the floors' own lists, concatenated.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/probe.h"
#include "runtime/cached_op/sites.h"
#include "runtime/engine/sites.h"
#include "runtime/io/sites.h"

namespace tenter {

inline std::vector<const Site*> KnownSites() {
  std::vector<const Site*> sites;
  for (const Site* site : engine_sites::kAll) sites.push_back(site);
  for (const Site* site : cached_op_sites::kAll) sites.push_back(site);
  for (const Site* site : io_sites::kAll) sites.push_back(site);
  return sites;
}

// The names of the actions in `set`, for example {"throw", "delay"}.
inline std::vector<std::string> ActionNames(uint32_t set) {
  std::vector<std::string> names;
  if (set & kActionThrow) names.push_back("throw");
  if (set & kActionError) names.push_back("error");
  if (set & kActionDelay) names.push_back("delay");
  if (set & kActionBadAlloc) names.push_back("bad_alloc");
  if (set & kActionDropCompletion) names.push_back("drop_completion");
  return names;
}

}  // namespace tenter
