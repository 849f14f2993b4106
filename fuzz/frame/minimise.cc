#include "fuzz/frame/minimise.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "fuzz/frame/trial.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {
namespace {

constexpr int kProbeRounds = 12;  // to learn how often a finding comes
constexpr int kMostRounds = 50;   // of a candidate that fails by chance
constexpr int kFinalRounds = 200;
constexpr int kVariantRounds = 40;
// A program of so many ops is small enough: no smaller one is looked for, unless it comes back
// rarely. For one of kFew ops the search is repeated kMostHunts times, and ends when it finds
// nothing.
constexpr int kSmallEnough = 3, kFew = 4;
constexpr int kMostHunts = 6;
// What comes back less often than once in so many rounds is rare: it can hardly be shrunk, and
// other findings of the same bug may come back more often.
constexpr int kRareRounds = 20;
constexpr int64_t kHuntNs = 4 * kNsPerSecond;
// While shrinking; ordinary cases take a millisecond, under a sanitizer some ten.
#if defined(TENTER_TSAN) || defined(TENTER_ASAN)
constexpr int64_t kShortHangNs = 2 * kNsPerSecond;
#else
constexpr int64_t kShortHangNs = 300 * kNsPerMs;
#endif

// What of the searched kind came back when a program ran up to `rounds` times.
struct Rate {
  int came_back = 0, rounds = 0;
  Finding last;
};
Rate Measure(const Subject& subject, const std::string& program, const std::string& kind,
             int rounds, int most, int64_t case_ns) {
  Replayed replayed = Replay(subject, program, rounds, most, case_ns / kNsPerMs);
  Rate rate{.rounds = replayed.rounds, .last = {}};
  for (Finding& finding : replayed.findings) {
    if (!IsSameKind(finding.kind, kind)) continue;
    ++rate.came_back;
    rate.last = std::move(finding);
  }
  return rate;
}

class Minimiser {
 public:
  Minimiser(const Subject& subject, const CampaignOptions& options, std::string kind,
            const Shrinking& shrinking)
      : subject_(subject), options_(options), kind_(std::move(kind)), shrinking_(shrinking) {
    // Some candidates hang, whatever the kind of the finding: that must not cost the whole limit
    // each time.
    case_ns_ = std::min(kShortHangNs, options.case_limit_ms * kNsPerMs);
    most_findings_ = kind_ == kHang ? 10 : 20;
  }

  void Run(const std::string& original) {
    const auto budget = static_cast<int64_t>(options_.shrink_seconds * 1e9);
    const int64_t start = start_ns_;
    smallest_ops_ = subject_.Size(original);
    Consider(Stirred(original, start + budget / 4), start + budget / 2);
    HuntSmaller(start + budget * 3 / 4);
    if (IsRacy()) MakeFrequent(start + budget);
  }

  const std::string& minimal() const { return minimal_; }
  const Rate& rate() const { return rate_; }

 private:
  bool IsRacy() const { return rate_.came_back * 2 < rate_.rounds; }
  bool IsRare() const { return rate_.came_back * kRareRounds < rate_.rounds; }

  // The program, or when it does not come back, a race that was met once in a program without
  // delays, for example, the first of its variants that does.
  std::string Stirred(const std::string& original, int64_t deadline_ns) {
    Tell();
    if (ComesBack(original)) return original;
    for (std::string& variant : subject_.Variants(original)) {
      if (NowNs() > deadline_ns) break;
      Tell();
      if (ComesBack(variant)) return std::move(variant);
    }
    return original;
  }
  bool ComesBack(const std::string& program) const {
    return Measure(subject_, program, kind_, kVariantRounds, 1, case_ns_).came_back != 0;
  }

  // Shrinks `original`, which takes the place of the smallest so far when it is smaller and comes
  // back. False when it does not.
  bool Consider(const std::string& original, int64_t deadline_ns) {
    Tell();
    const Rate rate = Measure(subject_, original, kind_, kProbeRounds,
                              kind_ == kHang ? 4 : kProbeRounds, case_ns_);
    const bool is_certain = rate.came_back == rate.rounds;
    const int rounds = std::clamp(5 * rate.rounds / std::max(1, rate.came_back), 10, kMostRounds);
    const auto fails_once = [&](const std::string& p, int most_rounds, uint64_t first) {
      const auto again = Try(subject_, p, {case_ns_, most_rounds}, first);
      return again.has_value() && IsSameKind(again->kind, kind_);
    };
    // What always fails is not to become what fails now and then: a smaller one fails twice.
    const Fails fails = [&](const std::string& p) {
      const bool failed =
          is_certain ? fails_once(p, 1, 0) && fails_once(p, 1, 1) : fails_once(p, rounds, 0);
      if (failed) smallest_ops_ = std::min(smallest_ops_, subject_.Size(p));
      Tell();
      return failed;
    };
    Rate small_rate;
    const auto comes_back = [&](const std::string& p) {
      Tell();
      Rate again = Measure(subject_, p, kind_, kFinalRounds, most_findings_, case_ns_);
      if (again.came_back == 0 && small_rate.came_back != 0) return false;
      small_rate = std::move(again);
      return small_rate.came_back != 0;
    };
    const std::string small = subject_.Shrink(original, fails, comes_back, deadline_ns);
    if (small_rate.came_back == 0) comes_back(small);
    const auto cost = [this](const std::string& p, const Rate& r) {
      return std::tuple(r.came_back == 0, subject_.Size(p), std::count(p.begin(), p.end(), '\n'),
                        r.rounds - r.came_back);
    };
    const bool is_first = rate_.rounds == 0;
    if (!is_first &&
        (small_rate.came_back == 0 || cost(small, small_rate) >= cost(minimal_, rate_)))
      return false;
    minimal_ = small;
    rate_ = small_rate;
    return true;
  }

  // A race that comes back rarely: other delays and threads may make it frequent.
  void MakeFrequent(int64_t deadline_ns) {
    Tell();
    const int most = kind_ == kHang ? 5 : kVariantRounds;
    Rate best = Measure(subject_, minimal_, kind_, kVariantRounds, most, case_ns_);
    std::string frequent = minimal_;
    for (std::string& variant : subject_.Variants(minimal_)) {
      if (best.came_back * 2 > best.rounds || NowNs() > deadline_ns) break;
      const Rate rate = Measure(subject_, variant, kind_, kVariantRounds, most, case_ns_);
      if (rate.came_back * best.rounds <= best.came_back * rate.rounds) continue;
      best = rate;
      frequent = std::move(variant);
    }
    const Rate rate = Measure(subject_, frequent, kind_, kFinalRounds, most_findings_, case_ns_);
    if (rate.came_back * rate_.rounds <= rate_.came_back * rate.rounds) return;
    minimal_ = std::move(frequent);
    rate_ = rate;
  }

  void HuntSmaller(int64_t deadline_ns) {
    CampaignOptions small = options_;
    small.case_limit_ms = case_ns_ / kNsPerMs;
    const SharedCounts counts;
    for (int hunts = 0; NowNs() < deadline_ns; ++hunts) {
      Tell();
      const bool few = subject_.Size(minimal_) <= kFew;
      if (subject_.Size(minimal_) <= kSmallEnough && !IsRacy()) return;
      if (few && hunts >= kMostHunts) return;
      small.draw.most_ops = std::max(kSmallEnough, subject_.Size(minimal_) - 1);
      small.seed = CombineHash(options_.seed, static_cast<uint64_t>(hunts));
      const std::string kind = kind_;
      const bool any_kind = rate_.came_back == 0 || (IsRare() && hunts > 0);
      const auto number =
          FindKind(small, any_kind, counts.get(), std::min(deadline_ns, NowNs() + kHuntNs));
      if (!number.has_value() && few) return;
      if (!number.has_value()) continue;
      if (!Consider(DrawCase(subject_, small, *number).program, deadline_ns)) kind_ = kind;
    }
  }

  // The number of the next case with this kind of finding, or with any kind, which is then the one
  // that is looked for.
  std::optional<uint64_t> FindKind(const CampaignOptions& options, bool any_kind, Counts* counts,
                                   int64_t deadline_ns) {
    while (NowNs() < deadline_ns) {
      const auto finding = RunInChild(
          [&](const Reporter& reporter) {
            RunBatch(subject_, options, deadline_ns, counts, reporter);
          },
          deadline_ns - NowNs() + 2 * kNsPerSecond);
      const uint64_t number = counts->next_case.FetchAdd(1, kRelaxed);
      if (!finding.has_value()) continue;
      if (any_kind) kind_ = finding->kind;
      if (IsSameKind(finding->kind, kind_)) return number;
    }
    return std::nullopt;
  }

  void Tell() const {
    shrinking_(static_cast<double>(NowNs() - start_ns_) / static_cast<double>(kNsPerSecond),
               smallest_ops_);
  }

  const Subject& subject_;
  const CampaignOptions& options_;
  std::string kind_;
  const Shrinking& shrinking_;
  const int64_t start_ns_ = NowNs();
  int smallest_ops_ = 0;
  int64_t case_ns_;
  int most_findings_;
  std::string minimal_;
  Rate rate_;
};

}  // namespace

Minimal Minimise(const Subject& subject, const CampaignOptions& options,
                 const std::string& original, const std::string& kind, const Shrinking& shrinking) {
  Minimiser minimiser(subject, options, kind, shrinking);
  minimiser.Run(original);
  const Rate& rate = minimiser.rate();
  return {minimiser.minimal(), rate.came_back, rate.rounds, rate.last};
}

}  // namespace tenter::fuzz
