#include "fuzz/campaign.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "fuzz/shrink.h"
#include "fuzz/trial.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {
namespace {

constexpr int64_t kBatchNs = kNsPerSecond;  // a child lives about so long
constexpr uint64_t kCasesPerLeakCheck = 64;
constexpr int kProbeRounds = 12;  // to learn how often a finding comes
constexpr int kMostRounds = 50;
constexpr int64_t kShortHangNs = 400 * kNsPerMs;  // while shrinking; the result is tried at length

void CountCase(const Program& p, Counts* counts) {
  const auto add = [&](Count what, uint64_t n) {
    counts->counts[static_cast<size_t>(what)].FetchAdd(n, kRelaxed);
  };
  const auto statements = [&](auto is) {
    return static_cast<uint64_t>(std::count_if(p.statements.begin(), p.statements.end(), is));
  };
  add(Count::kCases, 1);
  add(Count::kOps, static_cast<uint64_t>(Ops(p)));
  add(Count::kSeveralPushers, Threads(p) > 1);
  add(Count::kFailingOps, statements([](const Statement& s) {
        return s.throws != Type::kNone || s.fails != Type::kNone || s.ends == Ends::kNever ||
               s.ends == Ends::kDropped;
      }));
  add(Count::kAsyncOps, statements([](const Statement& s) { return s.ends != Ends::kSync; }));
  add(Count::kDeletes, statements([](const Statement& s) { return s.verb == Verb::kDelete; }));
  add(Count::kWaits, statements([](const Statement& s) { return s.verb == Verb::kWait; }));
  add(Count::kWaitAlls, statements([](const Statement& s) { return s.verb == Verb::kWaitAll; }));
  add(Count::kStops, statements([](const Statement& s) { return s.verb == Verb::kStop; }));
  add(Count::kCancels, CanCancel(p));
  add(Count::kPushesInside, statements([](const Statement& s) {
        return s.actor.is_op && s.verb == Verb::kPush;
      }));
  add(Count::kWaitsInside, statements([](const Statement& s) {
        return s.actor.is_op && (s.verb == Verb::kWait || s.verb == Verb::kWaitAll);
      }));
  add(Count::kOutOfMemory, statements([](const Statement& s) { return s.out_of_memory; }));
  add(Count::kRunDependents, p.policy == ErrorPolicy::kRunDependents);
  add(Count::kNaive, p.workers == 0);
  add(Count::kGated, p.gated);
  add(Count::kParity, p.parity);
}

// The child's part: cases from counts->next_case on.
[[noreturn]] void RunBatch(const CampaignOptions& options, int64_t until_ns, Counts* counts,
                           const Reporter& reporter) {
  Program program;
  Completers completers;
  Watchdog watchdog(options.case_limit_ms * kNsPerMs, [&](const std::string& engine) {
    reporter.Found({ContractOfHang(program), kHang, engine});
  });
  do {
    const uint64_t number = counts->next_case.Load(kRelaxed);
    program = ProgramOfCase(options, number, nullptr);
    CountCase(program, counts);
    const auto finding = RunCase(program, {&completers, &watchdog}, 0);
    if (finding.has_value()) reporter.Found(*finding);
    if (number % kCasesPerLeakCheck == 0 && FoundLeaks())
      reporter.Found({"ENG-5", "leaked memory", ""});
    counts->next_case.Store(number + 1, kRelaxed);
  } while (NowNs() < until_ns);
  reporter.Clean();
}

CampaignResult Minimise(const CampaignOptions& options, Finding finding, uint64_t number, double found_s) {
  const Property* property = nullptr;
  CampaignResult result{.finding = finding,
                .original = ProgramOfCase(options, number, &property),
                .minimal = {},
                .property = std::string(property->contract),
                .case_number = number,
                .found_after_s = found_s};
  const int64_t case_ns =
      finding.kind == kHang ? std::min(kShortHangNs, options.case_limit_ms * kNsPerMs)
                            : options.case_limit_ms * kNsPerMs;
  const auto fails_once = [&](const Program& p, uint64_t round) {
    const auto again = Try(p, {case_ns, 1}, round);
    return again.has_value() && again->kind == finding.kind;
  };
  int failed = 0;
  for (int round = 0; round < kProbeRounds; ++round) failed += fails_once(result.original, round);
  const int rounds = failed == kProbeRounds
                         ? 2
                         : std::clamp(5 * kProbeRounds / std::max(1, failed), 10, kMostRounds);
  const int64_t deadline =
      NowNs() + static_cast<int64_t>(options.shrink_seconds * static_cast<double>(kNsPerSecond));
  const Fails fails = [&](const Program& p) {
    const auto again = Try(p, {case_ns, rounds});
    return again.has_value() && again->kind == finding.kind;
  };
  result.minimal = Shrink(result.original, fails, deadline);
  for (const Finding& again : Replay(result.minimal, 20, case_ns / kNsPerMs)) {
    if (again.kind != finding.kind) continue;
    if (result.came_back++ == 0) result.finding = again;  // told of the smaller program
  }
  result.tried = 20;
  return result;
}

}  // namespace

std::string_view CountName(Count count) {
  constexpr std::string_view kNames[] = {
      "cases", "ops", "several_pushers", "failing_ops", "async_ops", "deletes", "waits",
      "wait_alls", "stops", "cancels", "pushes_inside", "waits_inside", "out_of_memory",
      "run_dependents", "naive", "gated", "parity"};
  static_assert(std::size(kNames) == static_cast<size_t>(Count::kEnd));
  return kNames[static_cast<size_t>(count)];
}

Program ProgramOfCase(const CampaignOptions& options, uint64_t case_number,
                      const Property** property) {
  const Property* chosen = options.properties[case_number % options.properties.size()];
  if (property != nullptr) *property = chosen;
  return GenerateProgram({chosen->profile, options.workers, options.most_ops},
                         CombineHash(options.seed, case_number));
}

std::optional<CampaignResult> RunCampaign(const CampaignOptions& options,
                                  const std::function<void(const Counts&)>& progress,
                                  const std::function<void(const Finding&, uint64_t)>& found) {
  void* shared = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                      -1, 0);
  TENTER_CHECK(shared != MAP_FAILED, "no shared memory for the counts");
  Counts* const counts = new (shared) Counts;
  const int64_t start = NowNs();
  const auto seconds = [start] {
    return static_cast<double>(NowNs() - start) / static_cast<double>(kNsPerSecond);
  };
  const int64_t end = start + static_cast<int64_t>(options.seconds * 1e9);
  std::optional<CampaignResult> result;
  while (NowNs() < end && !result.has_value()) {
    std::optional<Finding> finding = RunInChild(
        [&](const Reporter& reporter) {
          RunBatch(options, std::min(end, NowNs() + kBatchNs), counts, reporter);
        },
        kBatchNs + 4 * options.case_limit_ms * kNsPerMs + 10 * kNsPerSecond);
    progress(*counts);
    if (!finding.has_value()) continue;
    const uint64_t number = counts->next_case.Load(kRelaxed);
    if (finding->contract.empty()) {
      const Program program = ProgramOfCase(options, number, nullptr);
      finding->contract = finding->kind == kHang ? ContractOfHang(program) : "ENG-4";
    }
    found(*finding, number);
    result = Minimise(options, *finding, number, seconds());
    result->shrunk_after_s = seconds();
  }
  munmap(shared, sizeof(Counts));
  return result;
}

std::vector<Finding> Replay(const Program& program, int times, int64_t case_limit_ms) {
  std::vector<Finding> findings;
  for (int i = 0; i < times; ++i) {
    const auto finding =
        Try(program, {case_limit_ms * kNsPerMs, 1}, static_cast<uint64_t>(i));
    if (finding.has_value()) findings.push_back(*finding);
  }
  return findings;
}

}  // namespace tenter::fuzz
