// CampaignOptions: which programs a campaign runs, and for how long.
//
// Thread safety: plain data.
// Ownership and lifetime: borrows the properties, which are static.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/frame/subject.h"

namespace tenter::fuzz {

struct CampaignOptions {
  uint64_t seed = 1;
  double seconds = 10;
  double shrink_seconds = 30;
  int64_t case_limit_ms = 5000;  // then a case counts as hanging
  DrawOptions draw;
  std::vector<const Property*> properties;  // in turn
};

}  // namespace tenter::fuzz
