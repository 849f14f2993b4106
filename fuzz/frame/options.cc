#include "fuzz/frame/options.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace tenter::fuzz {
namespace {

std::vector<int> ParseWorkers(const std::string& text) {
  std::vector<int> workers;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) workers.push_back(std::atoi(word.c_str()));
  return workers;
}

const Property* FindProperty(const Subject& subject, const std::string& contract) {
  for (const Property& property : subject.properties())
    if (property.contract == contract) return &property;
  return nullptr;
}

}  // namespace

std::string Help(const Subject& subject) {
  return std::string(subject.name()) +
         "_fuzz [--seconds N] [--shrink-seconds N] [--seed N] [--workers N,N] [--max-ops N]\n"
         "    [--property CONTRACT|all] [--case-limit-ms N] [--list]\n"
         "    [--replay FILE|SEED:CASE [--times N]] [--expect-ops N]" +
         std::string(subject.help()) + "\n";
}

std::string ParseOptions(int count, char** words, Subject* subject, Options* options) {
  CampaignOptions& c = options->campaign;
  for (const Property& property : subject->properties()) c.properties.push_back(&property);
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (word == "--list") {
      options->list = true;
      continue;
    }
    if (i + 1 == count) return "'" + word + "' is no option, or has no value";
    const std::string value = words[++i];
    if (word == "--seconds") {
      c.seconds = std::atof(value.c_str());
    } else if (word == "--shrink-seconds") {
      c.shrink_seconds = std::atof(value.c_str());
    } else if (word == "--seed") {
      c.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (word == "--workers") {
      c.draw.workers = ParseWorkers(value);
    } else if (word == "--max-ops") {
      c.draw.most_ops = std::max(1, std::atoi(value.c_str()));
    } else if (word == "--case-limit-ms") {
      c.case_limit_ms = std::max(1, std::atoi(value.c_str()));
    } else if (word == "--times") {
      options->times = std::max(1, std::atoi(value.c_str()));
    } else if (word == "--expect-ops") {
      options->expect_ops = std::atoi(value.c_str());
    } else if (word == "--replay") {
      options->replay = value;
    } else if (word == "--property" && value != "all") {
      if (FindProperty(*subject, value) == nullptr) return "unknown property '" + value + "'";
      c.properties = {FindProperty(*subject, value)};
    } else if (word != "--property") {
      const std::string problem = subject->SetOption(word, value);
      if (!problem.empty()) return problem;
    }
  }
  return c.draw.workers.empty() ? "--workers names no number" : "";
}

}  // namespace tenter::fuzz
