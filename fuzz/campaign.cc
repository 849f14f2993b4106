#include "fuzz/campaign.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <tuple>
#include <utility>

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
constexpr int kFinalRounds = 200;
constexpr int kSmallEnough = 3;  // ops: then no smaller one is looked for
constexpr int kMostHunts = 6;
constexpr int64_t kHuntNs = 4 * kNsPerSecond;
// While shrinking; ordinary cases take a millisecond, under a sanitizer some ten.
#if defined(TENTER_TSAN) || defined(TENTER_ASAN)
constexpr int64_t kShortHangNs = 2 * kNsPerSecond;
#else
constexpr int64_t kShortHangNs = 300 * kNsPerMs;
#endif

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
  add(Count::kPushesInside,
      statements([](const Statement& s) { return s.actor.is_op && s.verb == Verb::kPush; }));
  add(Count::kWaitsInside, statements([](const Statement& s) {
        return s.actor.is_op && (s.verb == Verb::kWait || s.verb == Verb::kWaitAll);
      }));
  add(Count::kOutOfMemory, statements([](const Statement& s) { return s.out_of_memory; }));
  add(Count::kRunDependents, p.policy == ErrorPolicy::kRunDependents);
  add(Count::kNaive, p.workers == 0);
  add(Count::kGated, p.gated);
  add(Count::kParity, p.parity);
}

// Counts in memory that parent and children share.
class SharedCounts {
 public:
  SharedCounts() {
    void* memory =
        mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    TENTER_CHECK(memory != MAP_FAILED, "no shared memory for the counts");
    counts_ = new (memory) Counts;
  }
  ~SharedCounts() { munmap(counts_, sizeof(Counts)); }
  SharedCounts(const SharedCounts&) = delete;
  Counts* get() const { return counts_; }

 private:
  Counts* counts_;
};

// The child's part: cases from counts->next_case on.
[[noreturn]] void RunBatch(const CampaignOptions& options, int64_t until_ns, Counts* counts,
                           const Reporter& reporter) {
  Program program;
  Completers completers;
  Watchdog watchdog(options.case_limit_ms * kNsPerMs, [&](const std::string& engine) {
    reporter.Found({ContractOfHang(program), kHang, engine, 0});
  });
  do {
    const uint64_t number = counts->next_case.Load(kRelaxed);
    program = ProgramOfCase(options, number, nullptr);
    CountCase(program, counts);
    const auto finding = RunCase(program, {&completers, &watchdog}, 0);
    if (finding.has_value()) reporter.Found(*finding);
    if (number % kCasesPerLeakCheck == 0 && FoundLeaks())
      reporter.Found({"ENG-5", "leaked memory", "", 0});
    counts->next_case.Store(number + 1, kRelaxed);
  } while (NowNs() < until_ns);
  reporter.Clean();
}

// What of the searched kind came back when a program ran up to `rounds` times.
struct Rate {
  int came_back = 0, rounds = 0;
  Finding last;
};
Rate Measure(const Program& program, const std::string& kind, int rounds, int most,
             int64_t case_ns) {
  Replayed replayed = Replay(program, rounds, most, case_ns / kNsPerMs);
  Rate rate{.rounds = replayed.rounds, .last = {}};
  for (Finding& finding : replayed.findings) {
    if (finding.kind != kind) continue;
    ++rate.came_back;
    rate.last = std::move(finding);
  }
  return rate;
}

// A race that comes back rarely: other delays and workers may make it frequent.
Program Amplify(Program program, const std::string& kind, int64_t case_ns, int64_t deadline_ns) {
  constexpr int kRounds = 40;
  const int most = kind == kHang ? 5 : kRounds;
  Rate best = Measure(program, kind, kRounds, most, case_ns);
  const Program minimal = program;
  for (const int workers : {minimal.workers, 2, 4})
    for (uint64_t noise = 0; noise < 12; ++noise) {
      if (best.came_back * 2 > best.rounds || NowNs() > deadline_ns) return program;
      Program candidate = minimal;
      candidate.workers = std::max(workers, minimal.workers);
      candidate.noise = noise;
      const Rate rate = Measure(candidate, kind, kRounds, most, case_ns);
      if (rate.came_back * best.rounds <= best.came_back * rate.rounds) continue;
      best = rate;
      program = candidate;
    }
  return program;
}

// Shrinks what a campaign has found. First the case itself; then, since a racy program hides what
// matters, other cases with the same finding that are small from the start.
class Minimiser {
 public:
  Minimiser(const CampaignOptions& options, std::string kind)
      : options_(options), kind_(std::move(kind)) {
    // Whatever is searched, some candidates hang: that must not cost the whole limit each time.
    case_ns_ = std::min(kShortHangNs, options.case_limit_ms * kNsPerMs);
    most_findings_ = kind_ == kHang ? 10 : 20;
  }

  void Run(const Program& original) {
    const auto budget = static_cast<int64_t>(options_.shrink_seconds * 1e9);
    const int64_t start = NowNs();
    Consider(original, start + budget / 2);
    HuntSmaller(start + budget * 3 / 4);
    if (IsRacy()) minimal_ = Amplify(minimal_, kind_, case_ns_, start + budget);
    rate_ = Measure(minimal_, kind_, kFinalRounds, most_findings_, case_ns_);
  }

  const Program& minimal() const { return minimal_; }
  const Rate& rate() const { return rate_; }

 private:
  bool IsRacy() const { return rate_.came_back * 2 < rate_.rounds; }

  void Consider(const Program& original, int64_t deadline_ns) {
    const Rate rate =
        Measure(original, kind_, kProbeRounds, kind_ == kHang ? 4 : kProbeRounds, case_ns_);
    const int rounds =
        rate.came_back == rate.rounds
            ? 2
            : std::clamp(5 * rate.rounds / std::max(1, rate.came_back), 10, kMostRounds);
    const Fails fails = [&](const Program& p) {
      const auto again = Try(p, {case_ns_, rounds});
      return again.has_value() && again->kind == kind_;
    };
    const Program small = Shrink(original, fails, deadline_ns);
    const Rate small_rate = Measure(small, kind_, kFinalRounds, most_findings_, case_ns_);
    // One that never comes back is worth little, however small.
    const auto cost = [](const Program& p, const Rate& r) {
      return std::tuple(r.came_back == 0, Ops(p), p.statements.size(), r.rounds - r.came_back);
    };
    if (rate_.rounds != 0 && cost(small, small_rate) >= cost(minimal_, rate_)) return;
    minimal_ = small;
    rate_ = small_rate;
  }

  void HuntSmaller(int64_t deadline_ns) {
    CampaignOptions small = options_;
    small.case_limit_ms = case_ns_ / kNsPerMs;
    const SharedCounts counts;
    for (int hunts = 0; hunts < kMostHunts; ++hunts) {
      if (Ops(minimal_) <= kSmallEnough && !IsRacy()) return;
      small.most_ops = std::max(kSmallEnough, Ops(minimal_) - 1);
      small.seed = CombineHash(options_.seed, static_cast<uint64_t>(hunts));
      const auto number = FindKind(small, counts.get(), std::min(deadline_ns, NowNs() + kHuntNs));
      if (!number.has_value()) return;
      Consider(ProgramOfCase(small, *number, nullptr), deadline_ns);
    }
  }

  // The number of the next case with this kind of finding; with any kind, while the one that was
  // found first never came back.
  std::optional<uint64_t> FindKind(const CampaignOptions& options, Counts* counts,
                                   int64_t deadline_ns) {
    while (NowNs() < deadline_ns) {
      const auto finding = RunInChild(
          [&](const Reporter& reporter) { RunBatch(options, deadline_ns, counts, reporter); },
          deadline_ns - NowNs() + 2 * kNsPerSecond);
      const uint64_t number = counts->next_case.FetchAdd(1, kRelaxed);
      if (!finding.has_value()) continue;
      if (rate_.came_back == 0) kind_ = finding->kind;
      if (finding->kind == kind_) return number;
    }
    return std::nullopt;
  }

  const CampaignOptions& options_;
  std::string kind_;
  int64_t case_ns_;
  int most_findings_;
  Program minimal_;
  Rate rate_;
};

}  // namespace

std::string_view CountName(Count count) {
  constexpr std::string_view kNames[] = {
      "cases",         "ops",          "several_pushers", "failing_ops",    "async_ops",
      "deletes",       "waits",        "wait_alls",       "stops",          "cancels",
      "pushes_inside", "waits_inside", "out_of_memory",   "run_dependents", "naive",
      "gated",         "parity"};
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

std::optional<CampaignResult> RunCampaign(
    const CampaignOptions& options, const std::function<void(const Counts&)>& progress,
    const std::function<void(const Finding&, uint64_t)>& found) {
  const SharedCounts shared;
  Counts* const counts = shared.get();
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
      finding->contract =
          finding->kind == kHang ? ContractOfHang(program) : ContractOfCrash(program);
    }
    found(*finding, number);
    const Property* property = nullptr;
    result.emplace();
    result->found_after_s = seconds();
    result->original = ProgramOfCase(options, number, &property);
    result->property = property->contract;
    result->case_number = number;
    Minimiser minimiser(options, finding->kind);
    minimiser.Run(result->original);
    result->minimal = minimiser.minimal();
    result->came_back = minimiser.rate().came_back;
    result->tried = minimiser.rate().rounds;
    // Told of the smaller program, when that came back.
    result->finding = result->came_back > 0 ? minimiser.rate().last : *finding;
    result->shrunk_after_s = seconds();
  }
  return result;
}

Replayed Replay(const Program& program, int times, int most, int64_t case_limit_ms) {
  Replayed replayed;
  while (replayed.rounds < times && static_cast<int>(replayed.findings.size()) < most) {
    const auto finding = Try(program, {case_limit_ms * kNsPerMs, times - replayed.rounds},
                             static_cast<uint64_t>(replayed.rounds));
    replayed.rounds = finding.has_value() ? static_cast<int>(finding->round) + 1 : times;
    if (finding.has_value()) replayed.findings.push_back(*finding);
  }
  return replayed;
}

}  // namespace tenter::fuzz
