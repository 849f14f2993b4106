// Options: what the command line of engine_fuzz asks for.
//
// Path: main -> ParseOptions -> a campaign, a replay, or the list of properties.
//
// Thread safety: plain data.
#pragma once

#include <string>

#include "fuzz/hunt/campaign_options.h"

namespace tenter::fuzz {

extern const char* const kHelp;

struct Options {
  CampaignOptions campaign;
  std::string replay;
  int times = 200;
  bool list = false;
  int expect_ops = 0;  // of an engine with a planted bug: a finding of at most so many ops is clean
};

// An empty text, or what is wrong.
std::string ParseOptions(int count, char** words, Options* options);

}  // namespace tenter::fuzz
