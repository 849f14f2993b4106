#include "fuzz/frame/fuzz_main.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

#include "fuzz/frame/campaign.h"
#include "fuzz/frame/event.h"
#include "fuzz/frame/line_shrink.h"
#include "fuzz/frame/options.h"
#include "fuzz/frame/trial.h"
#include "harness/stacks/crash_handlers.h"
#include "harness/stacks/thread_stacks.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr int kMostReplayed = 20;  // findings; then a replay has shown enough
constexpr int kSmall = 4;          // ops of a program that a search has shrunk
constexpr int kClean = 0, kFindings = 1, kUsage = 2;

Result<std::string> ReadProgram(const Subject& subject, const Options& options) {
  const size_t colon = options.replay.find(':');
  if (colon != std::string::npos &&
      options.replay.find_first_not_of("0123456789:") == std::string::npos) {
    CampaignOptions campaign = options.campaign;
    campaign.seed = std::strtoull(options.replay.c_str(), nullptr, 10);
    const uint64_t number = std::strtoull(options.replay.c_str() + colon + 1, nullptr, 10);
    return DrawCase(subject, campaign, number).program;
  }
  std::ifstream file(options.replay);
  if (!file) return Status(StatusCode::kNotFound, "cannot read '" + options.replay + "'");
  std::stringstream text;
  text << file.rdbuf();
  const std::string whole = text.str();
  if (const size_t nul = whole.find('\0'); nul != std::string::npos)
    return Status(StatusCode::kInvalidArgument,
                  options.replay + ": line " +
                      std::to_string(std::count(whole.begin(), whole.begin() + nul, '\n') + 1) +
                      " has a NUL byte, and a program is text");
  const std::string program = WithoutComments(whole);
  const Status status = subject.Check(program);
  if (!status.ok())
    return Status(status.code(), options.replay + ": " + WithLinesOf(whole, status.message()));
  return program;
}

int Refuse(const Subject& subject, const std::string& problem, const std::string& help) {
  std::fprintf(stderr, "%s_fuzz: %s\n%s", std::string(subject.name()).c_str(), problem.c_str(),
               help.c_str());
  return kUsage;
}

// As the search concluded, which asked what the smallest program cannot do without. In a larger one
// nobody knows that.
std::string ContractOf(const Subject& subject, const std::string& program, const Finding& found) {
  return subject.Size(program) <= kSmall ? subject.Diagnose(program, found) : found.contract;
}

// What the program holds, as often as it ran: the figures that a search prints of all its programs.
class Held {
 public:
  Held(const Subject& subject, const std::string& program) : subject_(subject) {
    subject.Count(program, [this](size_t what, uint64_t n) { once_[what] += n; });
  }
  void AddTo(Event* event, int rounds) const {
    for (size_t i = 0; i < subject_.counted().size(); ++i)
      event->Add(std::string(subject_.counted()[i]), once_[i] * static_cast<uint64_t>(rounds));
  }

 private:
  const Subject& subject_;
  uint64_t once_[kMostCounts] = {};
};

int ReplayVerb(const Subject& subject, const Options& options) {
  const Result<std::string> program = ReadProgram(subject, options);
  if (!program.ok()) return Refuse(subject, program.status().message(), "");
  const Held held(subject, *program);
  const Replayed replayed =
      Replay(subject, *program, options.times, kMostReplayed, options.campaign.case_limit_ms,
             [&](const Replayed& so_far) {
               Event event("replaying");
               event.Add("came_back", static_cast<int>(so_far.findings.size()))
                   .Add("tried", so_far.rounds)
                   .Add("times", options.times);
               held.AddTo(&event, so_far.rounds);
             });
  const std::vector<Finding>& findings = replayed.findings;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (i > 0 && findings[i].kind == findings[0].kind) continue;
    Event("finding")
        .Add("contract", ContractOf(subject, *program, findings[i]))
        .Add("kind", findings[i].kind)
        .Add("detail", findings[i].detail)
        .Add("program", *program)
        .Add("ops", subject.Size(*program));
  }
  Event event("replayed");
  event.Add("came_back", static_cast<int>(findings.size()))
      .Add("tried", replayed.rounds)
      .Add("program", *program);
  held.AddTo(&event, replayed.rounds);
  return findings.empty() ? kClean : kFindings;
}

// "12,345", as the driver writes numbers.
std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

void PrintProgress(const Subject& subject, const Counts& counts, double elapsed_s,
                   const CampaignOptions& options) {
  const uint64_t cases = counts.next_case.Load(kRelaxed);
  Event line("progress");
  line.Add("done", static_cast<int>(elapsed_s))
      .Add("total", static_cast<int>(options.seconds))
      .Add("what", Grouped(cases) + (cases == 1 ? " program" : " programs"))
      .Add("elapsed_s", elapsed_s)
      .Add("seed", options.seed)
      .Add("case", cases);
  for (size_t i = 0; i < subject.counted().size(); ++i)
    line.Add(std::string(subject.counted()[i]), counts.counts[i].Load(kRelaxed));
}

// What is known when it is found; what shrinking adds is added by the caller.
Event& AddFound(const Subject& subject, const CampaignResult& result, uint64_t seed, Event& event) {
  return event.Add("contract", result.finding.contract)
      .Add("kind", result.finding.kind)
      .Add("detail", result.finding.detail)
      .Add("program", result.minimal)
      .Add("ops", subject.Size(result.minimal))
      .Add("original", result.original)
      .Add("original_ops", subject.Size(result.original))
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

// The ops of the smallest program; nothing when nothing was found.
std::optional<int> Search(const Subject& subject, const CampaignOptions& options) {
  const int64_t start = NowNs();
  const auto elapsed = [start] { return static_cast<double>(NowNs() - start) / 1e9; };
  const auto result = RunCampaign(
      subject, options,
      {.progress =
           [&](const Counts& counts) { PrintProgress(subject, counts, elapsed(), options); },
       .found =
           [&](const CampaignResult& found) {
             Event event("found");
             AddFound(subject, found, options.seed, event);
           },
       .shrinking = PrintShrinking(options)});
  if (!result.has_value()) return std::nullopt;
  Event event("finding");
  AddFound(subject, *result, options.seed, event)
      .Add("shrunk_after_s", result->shrunk_after_s)
      .Add("came_back", result->came_back)
      .Add("tried", result->tried);
  return subject.Size(result->minimal);
}

// How small a race becomes is chance: a planted bug may be looked for with so many seeds.
constexpr uint64_t kExpectingSearches = 3;

int CampaignVerb(const Subject& subject, CampaignOptions options, int expect_ops) {
  if (expect_ops == 0) return Search(subject, options).has_value() ? kFindings : kClean;
  for (uint64_t search = 0; search < kExpectingSearches; ++search, ++options.seed) {
    const std::optional<int> ops = Search(subject, options);
    if (!ops.has_value()) return kFindings;
    if (*ops <= expect_ops) return kClean;
  }
  return kFindings;
}

}  // namespace

int FuzzMain(int count, char** words, Subject* subject) {
  PrepareThreadStacks();
#if !defined(TENTER_TSAN) && !defined(TENTER_ASAN)
  InstallCrashHandlers();
#endif
  Options options;
  if (const std::string problem = ParseOptions(count, words, subject, &options); !problem.empty())
    return Refuse(*subject, problem, Help(*subject));
  if (options.list) {
    for (const Property& property : subject->properties())
      Event("property")
          .Add("contract", std::string(property.contract))
          .Add("compares", std::string(property.compares));
    return kClean;
  }
  if (const Status status = subject->Prepare(); !status.ok())
    return Refuse(*subject, status.message(), "");
  return options.replay.empty() ? CampaignVerb(*subject, options.campaign, options.expect_ops)
                                : ReplayVerb(*subject, options);
}

}  // namespace tenter::fuzz
