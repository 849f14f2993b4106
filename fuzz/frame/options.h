// Options: what the command line of a fuzzer asks for.
//
// Path: main -> ParseOptions -> a campaign, a replay, or the list of properties.
//
// Thread safety: plain data.
#pragma once

#include <string>

#include "fuzz/frame/campaign_options.h"

namespace tenter::fuzz {

std::string Help(const Subject& subject);

struct Options {
  CampaignOptions campaign;
  std::string replay;
  int times = 200;
  bool list = false;
  // Of a target with a planted bug: a finding of at most so many ops is clean. When it stays
  // larger, the next seeds are tried, three in all.
  int expect_ops = 0;
};

// An empty text, or what is wrong.
std::string ParseOptions(int count, char** words, Subject* subject, Options* options);

}  // namespace tenter::fuzz
