// engine_fuzz: the command line. One JSON object a line on stdout; exit codes as the README says.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "fuzz/hunt/campaign.h"
#include "fuzz/hunt/trial.h"
#include "fuzz/program/parse.h"
#include "fuzz/program/to_text.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr int kMostReplayed = 20;  // findings; then a replay has shown enough
constexpr int kClean = 0, kFindings = 1, kUsage = 2;
constexpr const char* kHelp =
    "engine_fuzz [--seconds N] [--shrink-seconds N] [--seed N] [--workers N,N] [--max-ops N]\n"
    "            [--property ENG-1|...|ERR-10|all] [--case-limit-ms N] [--list]\n"
    "            [--replay FILE|SEED:CASE [--times N]] [--expect-ops N]\n";

struct Options {
  CampaignOptions campaign;
  std::string replay;
  int times = 200;
  bool list = false;
  int expect_ops = 0;  // of an engine with a planted bug: a finding of at most so many ops is clean
};

std::string Quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    char escape[8];
    if (c == '"' || c == '\\')
      quoted += std::string("\\") + c;
    else if (c == '\n')
      quoted += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e)
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c)),
          quoted += escape;
    else
      quoted += c;
  }
  return quoted + "\"";
}

// A line of output: {"event": ..., key: value, ...}.
class Line {
 public:
  explicit Line(const std::string& event) : text_("{\"event\": " + Quote(event)) {}
  ~Line() {
    std::puts((text_ + "}").c_str());
    std::fflush(stdout);
  }
  Line& Add(const std::string& key, const std::string& value) { return Raw(key, Quote(value)); }
  Line& Add(const std::string& key, uint64_t value) { return Raw(key, std::to_string(value)); }
  Line& Add(const std::string& key, int value) { return Raw(key, std::to_string(value)); }
  Line& Add(const std::string& key, double value) { return Raw(key, std::to_string(value)); }

 private:
  Line& Raw(const std::string& key, const std::string& value) {
    text_ += ", " + Quote(key) + ": " + value;
    return *this;
  }
  std::string text_;
};

std::vector<int> ParseWorkers(const std::string& text) {
  std::vector<int> workers;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) workers.push_back(std::atoi(word.c_str()));
  return workers;
}

// An empty text, or what is wrong.
std::string Parse(int count, char** words, Options* options) {
  CampaignOptions& c = options->campaign;
  for (const Property& property : Properties()) c.properties.push_back(&property);
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
      c.workers = ParseWorkers(value);
    } else if (word == "--max-ops") {
      c.most_ops = std::max(1, std::atoi(value.c_str()));
    } else if (word == "--case-limit-ms") {
      c.case_limit_ms = std::max(1, std::atoi(value.c_str()));
    } else if (word == "--times") {
      options->times = std::max(1, std::atoi(value.c_str()));
    } else if (word == "--expect-ops") {
      options->expect_ops = std::atoi(value.c_str());
    } else if (word == "--replay") {
      options->replay = value;
    } else if (word == "--property" && value != "all") {
      if (FindProperty(value) == nullptr) return "unknown property '" + value + "'";
      c.properties = {FindProperty(value)};
    } else if (word != "--property") {
      return "unknown option '" + word + "'";
    }
  }
  return c.workers.empty() ? "--workers names no number" : "";
}

Result<Program> ReadProgram(const Options& options) {
  const size_t colon = options.replay.find(':');
  if (colon != std::string::npos &&
      options.replay.find_first_not_of("0123456789:") == std::string::npos) {
    CampaignOptions campaign = options.campaign;
    campaign.seed = std::strtoull(options.replay.c_str(), nullptr, 10);
    return ProgramOfCase(campaign, std::strtoull(options.replay.c_str() + colon + 1, nullptr, 10),
                         nullptr);
  }
  std::ifstream file(options.replay);
  if (!file) return Status(StatusCode::kNotFound, "cannot read '" + options.replay + "'");
  std::stringstream text;
  text << file.rdbuf();
  return ParseProgram(text.str());
}

int ReplayVerb(const Options& options) {
  const Result<Program> program = ReadProgram(options);
  if (!program.ok()) {
    std::fprintf(stderr, "engine_fuzz: %s\n", program.status().message().c_str());
    return kUsage;
  }
  const Replayed replayed =
      Replay(*program, options.times, kMostReplayed, options.campaign.case_limit_ms);
  const std::vector<Finding>& findings = replayed.findings;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (i > 0 && findings[i].kind == findings[0].kind) continue;
    Line("finding")
        .Add("contract", findings[i].contract)
        .Add("kind", findings[i].kind)
        .Add("detail", findings[i].detail)
        .Add("program", ToText(*program))
        .Add("ops", Ops(*program));
  }
  Line("replayed")
      .Add("came_back", static_cast<int>(findings.size()))
      .Add("tried", replayed.rounds)
      .Add("program", ToText(*program));
  return findings.empty() ? kClean : kFindings;
}

void PrintProgress(const Counts& counts, double elapsed_s, const CampaignOptions& options) {
  Line line("progress");
  line.Add("done", static_cast<int>(elapsed_s))
      .Add("total", static_cast<int>(options.seconds))
      .Add("what", std::to_string(counts.next_case.Load(kRelaxed)) + " cases")
      .Add("elapsed_s", elapsed_s)
      .Add("seed", options.seed)
      .Add("case", counts.next_case.Load(kRelaxed));
  for (size_t i = 0; i < static_cast<size_t>(Count::kEnd); ++i)
    line.Add(std::string(CountName(static_cast<Count>(i))), counts.counts[i].Load(kRelaxed));
}

int CampaignVerb(const CampaignOptions& options, int expect_ops) {
  const int64_t start = NowNs();
  const auto elapsed = [start] { return static_cast<double>(NowNs() - start) / 1e9; };
  const auto result = RunCampaign(
      options, [&](const Counts& counts) { PrintProgress(counts, elapsed(), options); },
      [&](const Finding& finding, uint64_t number) {
        Line("shrinking")
            .Add("contract", finding.contract)
            .Add("kind", finding.kind)
            .Add("case", number);
      });
  if (!result.has_value()) return expect_ops > 0 ? kFindings : kClean;
  Line("finding")
      .Add("contract", result->finding.contract)
      .Add("kind", result->finding.kind)
      .Add("detail", result->finding.detail)
      .Add("program", ToText(result->minimal))
      .Add("ops", Ops(result->minimal))
      .Add("original", ToText(result->original))
      .Add("original_ops", Ops(result->original))
      .Add("property", result->property)
      .Add("seed", options.seed)
      .Add("case", result->case_number)
      .Add("found_after_s", result->found_after_s)
      .Add("shrunk_after_s", result->shrunk_after_s)
      .Add("came_back", result->came_back)
      .Add("tried", result->tried);
  return Ops(result->minimal) <= expect_ops ? kClean : kFindings;
}

int Main(int count, char** words) {
  Options options;
  if (const std::string problem = Parse(count, words, &options); !problem.empty()) {
    std::fprintf(stderr, "engine_fuzz: %s\n%s", problem.c_str(), kHelp);
    return kUsage;
  }
  if (options.list) {
    for (const Property& property : Properties())
      Line("property")
          .Add("contract", std::string(property.contract))
          .Add("compares", std::string(property.compares));
    return kClean;
  }
  return options.replay.empty() ? CampaignVerb(options.campaign, options.expect_ops)
                                : ReplayVerb(options);
}

}  // namespace
}  // namespace tenter::fuzz

int main(int count, char** words) { return tenter::fuzz::Main(count, words); }
