#include "bench/sharing/answer_log.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bench/inference/resident.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

constexpr size_t kWarm = 3;                     // answers before a block
constexpr size_t kLeast = 10, kMost = 1 << 18;  // and of one
// Times as long as a block lasts, and as many answers as it needs: then no caller is waited for.
constexpr int64_t kLongest = 100;
constexpr size_t kPatience = 3;

std::string Difference(size_t set, const std::vector<Answer>& answers, const FirstAnswers& first) {
  try {
    first.Check(set, answers);
  } catch (const WrongAnswer& wrong) {
    return wrong.what();
  }
  return "";
}

}  // namespace

double Block::per_s() const {
  return static_cast<double>(latencies.size()) * kNsPerSecond /
         static_cast<double>(end_ns - start_ns);
}

double Block::Quantile(double share) const {
  std::vector<double> values = latencies;
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

AnswerLog::AnswerLog(size_t in_flight, int64_t block_ns)
    : warm_(std::max(in_flight, kWarm)),
      least_(std::max(in_flight, kLeast)),
      block_ns_(block_ns),
      unanswered_(in_flight),
      had_one_(in_flight),
      latencies_(kMost) {}

void AnswerLog::Begin() {
  ResetPeak();
  before_ = OfStatus("VmRSS");
  mapped_before_ = OfStatus("RssFile");
}

void AnswerLog::Answered(const Asked& asked, const std::vector<Answer>& answers,
                         const FirstAnswers& first, int64_t now_ns) {
  Compare(asked.set, answers, first);
  if (ended()) return;
  const uint64_t number = answers_.FetchAdd(1, kRelaxed) + 1;
  if (number == warm_) start_ns_.Store(now_ns, kRelaxed);
  if (number <= warm_ || start_ns_.Load(kRelaxed) == 0) return;
  const uint64_t at = taken_.FetchAdd(1, kRelaxed);
  if (at >= kMost) return;
  latencies_[at] = static_cast<double>(now_ns - asked.at_ns);
  if (!had_one_[asked.place].Exchange(true, kRelaxed)) unanswered_.FetchSub(1, kRelaxed);
  if (Ends(at + 1, now_ns) && !ended_.Exchange(true, kRelaxed)) End(at + 1, now_ns);
}

bool AnswerLog::Ends(size_t count, int64_t now_ns) const {
  const int64_t lasted = now_ns - start_ns_.Load(kRelaxed);
  if (count == kMost) return true;
  if (lasted < block_ns_ || count < least_) return false;
  return unanswered_.Load(kRelaxed) == 0 ||
         (lasted >= kLongest * block_ns_ && count >= kPatience * least_);
}

// Only what came before the last answer counts, so that the time is that of these.
void AnswerLog::End(size_t count, int64_t now_ns) {
  block_.peak = OfStatus("VmHWM") - before_;
  block_.now = OfStatus("VmRSS") - before_;
  block_.mapped = OfStatus("RssFile") - mapped_before_;
  block_.start_ns = start_ns_.Load(kRelaxed);
  block_.end_ns = std::max(now_ns, block_.start_ns + 1);
  block_.unanswered = unanswered_.Load(kRelaxed);
  counted_ = count;
}

void AnswerLog::Compare(size_t set, const std::vector<Answer>& answers, const FirstAnswers& first) {
  const std::string difference = Difference(set, answers, first);
  if (difference.empty()) return;
  MutexLock lock(mutex_);
  if (mismatches_++ == 0) mismatch_ = difference;
}

void AnswerLog::Fail(Thrown thrown) {
  MutexLock lock(mutex_);
  if (failure_.empty()) failure_ = std::move(thrown);
  ended_.Store(true, kRelaxed);
}

Block AnswerLog::Take() {
  MutexLock lock(mutex_);
  if (!failure_.empty()) failure_.Rethrow();
  block_.mismatches = mismatches_;
  block_.mismatch = mismatch_;
  latencies_.resize(counted_);
  block_.latencies = std::move(latencies_);
  return std::move(block_);
}

}  // namespace tenter::bench
