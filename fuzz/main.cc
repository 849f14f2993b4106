// engine_fuzz: the command line. One JSON object a line on stdout; exit codes as the README says.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "fuzz/hunt/campaign.h"
#include "fuzz/hunt/event.h"
#include "fuzz/hunt/options.h"
#include "fuzz/hunt/trial.h"
#include "fuzz/program/parse.h"
#include "fuzz/program/to_text.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr int kMostReplayed = 20;  // findings; then a replay has shown enough
constexpr int kClean = 0, kFindings = 1, kUsage = 2;

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
  const Replayed replayed = Replay(*program, options.times, kMostReplayed,
                                   options.campaign.case_limit_ms, [&](const Replayed& so_far) {
                                     Event("replaying")
                                         .Add("came_back", static_cast<int>(so_far.findings.size()))
                                         .Add("tried", so_far.rounds)
                                         .Add("times", options.times);
                                   });
  const std::vector<Finding>& findings = replayed.findings;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (i > 0 && findings[i].kind == findings[0].kind) continue;
    Event("finding")
        .Add("contract", findings[i].contract)
        .Add("kind", findings[i].kind)
        .Add("detail", findings[i].detail)
        .Add("program", ToText(*program))
        .Add("ops", Ops(*program));
  }
  Event("replayed")
      .Add("came_back", static_cast<int>(findings.size()))
      .Add("tried", replayed.rounds)
      .Add("program", ToText(*program));
  return findings.empty() ? kClean : kFindings;
}

void PrintProgress(const Counts& counts, double elapsed_s, const CampaignOptions& options) {
  const uint64_t cases = counts.next_case.Load(kRelaxed);
  Event line("progress");
  line.Add("done", static_cast<int>(elapsed_s))
      .Add("total", static_cast<int>(options.seconds))
      .Add("what", std::to_string(cases) + (cases == 1 ? " case" : " cases"))
      .Add("elapsed_s", elapsed_s)
      .Add("seed", options.seed)
      .Add("case", cases);
  for (size_t i = 0; i < static_cast<size_t>(Count::kEnd); ++i)
    line.Add(std::string(CountName(static_cast<Count>(i))), counts.counts[i].Load(kRelaxed));
}

// What is known when it is found; what shrinking adds is added by the caller.
Event& AddFound(const CampaignResult& result, uint64_t seed, Event& event) {
  return event.Add("contract", result.finding.contract)
      .Add("kind", result.finding.kind)
      .Add("detail", result.finding.detail)
      .Add("program", ToText(result.minimal))
      .Add("ops", Ops(result.minimal))
      .Add("original", ToText(result.original))
      .Add("original_ops", Ops(result.original))
      .Add("property", result.property)
      .Add("seed", seed)
      .Add("case", result.case_number)
      .Add("found_after_s", result.found_after_s);
}

// At most one line a second.
Shrinking PrintShrinking(const CampaignOptions& options) {
  return [&options, next_s = 0.0](double elapsed_s, int ops) mutable {
    if (elapsed_s < next_s) return;
    next_s = elapsed_s + 1;
    Event("shrinking")
        .Add("elapsed_s", elapsed_s)
        .Add("limit_s", options.shrink_seconds)
        .Add("ops", ops);
  };
}

int CampaignVerb(const CampaignOptions& options, int expect_ops) {
  const int64_t start = NowNs();
  const auto elapsed = [start] { return static_cast<double>(NowNs() - start) / 1e9; };
  const auto result = RunCampaign(
      options,
      {.progress = [&](const Counts& counts) { PrintProgress(counts, elapsed(), options); },
       .found =
           [&](const CampaignResult& found) {
             Event event("found");
             AddFound(found, options.seed, event);
           },
       .shrinking = PrintShrinking(options)});
  if (!result.has_value()) return expect_ops > 0 ? kFindings : kClean;
  Event event("finding");
  AddFound(*result, options.seed, event)
      .Add("shrunk_after_s", result->shrunk_after_s)
      .Add("came_back", result->came_back)
      .Add("tried", result->tried);
  // A program may fail with no op at all, and only a planted bug is expected to.
  return expect_ops > 0 && Ops(result->minimal) <= expect_ops ? kClean : kFindings;
}

int Main(int count, char** words) {
  Options options;
  if (const std::string problem = ParseOptions(count, words, &options); !problem.empty()) {
    std::fprintf(stderr, "engine_fuzz: %s\n%s", problem.c_str(), kHelp);
    return kUsage;
  }
  if (options.list) {
    for (const Property& property : Properties())
      Event("property")
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
