// KnownSites: every fault site of the reference runtime, for strict names and for the catalogue.
//
// Thread safety: constant.
// Ownership and lifetime: static storage.
// Invariants: the floors' own lists, concatenated.
#pragma once

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

}  // namespace tenter
