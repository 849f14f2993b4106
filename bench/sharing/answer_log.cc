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
    : warm_(std::max(in_flight, kWarm)), least_(std::max(in_flight, kLeast)), block_ns_(block_ns) {
  MutexLock lock(mutex_);
  block_.latencies.resize(kMost);
  block_.latencies.clear();
  block_.unanswered = in_flight;
  had_one_.resize(in_flight);
}

void AnswerLog::Begin() {
  ResetPeak();
  before_ = OfStatus("VmRSS");
  mapped_before_ = OfStatus("RssFile");
}

void AnswerLog::Answered(const Asked& asked, const std::vector<Answer>& answers,
                         const FirstAnswers& first, int64_t now_ns) {
  const std::string difference = Difference(asked.set, answers, first);
  MutexLock lock(mutex_);
  Compare(difference);
  if (!ended()) Count(asked, now_ns);
}

void AnswerLog::Uncounted(size_t set, const std::vector<Answer>& answers,
                          const FirstAnswers& first) {
  const std::string difference = Difference(set, answers, first);
  MutexLock lock(mutex_);
  Compare(difference);
}

void AnswerLog::Compare(const std::string& difference) {
  if (!difference.empty() && block_.mismatches++ == 0) block_.mismatch = difference;
}

void AnswerLog::Count(const Asked& asked, int64_t now_ns) {
  if (++answers_ < warm_) return;
  if (answers_ == warm_) {
    block_.start_ns = now_ns;
    return;
  }
  block_.latencies.push_back(static_cast<double>(now_ns - asked.at_ns));
  block_.unanswered -= had_one_[asked.place] ? 0 : 1;
  had_one_[asked.place] = true;
  if (Ends(now_ns)) End(std::max(now_ns, block_.start_ns + 1));
}

bool AnswerLog::Ends(int64_t now_ns) {
  const size_t count = block_.latencies.size();
  const int64_t lasted = now_ns - block_.start_ns;
  if (count == kMost) return true;
  if (lasted < block_ns_ || count < least_) return false;
  return block_.unanswered == 0 || (lasted >= kLongest * block_ns_ && count >= kPatience * least_);
}

void AnswerLog::End(int64_t now_ns) {
  block_.end_ns = now_ns;
  block_.peak = OfStatus("VmHWM") - before_;
  block_.now = OfStatus("VmRSS") - before_;
  block_.mapped = OfStatus("RssFile") - mapped_before_;
  ended_.Store(true, kRelaxed);
}

void AnswerLog::Fail(Thrown thrown) {
  MutexLock lock(mutex_);
  if (failure_.empty()) failure_ = std::move(thrown);
  ended_.Store(true, kRelaxed);
}

Block AnswerLog::Take() {
  MutexLock lock(mutex_);
  if (!failure_.empty()) failure_.Rethrow();
  return std::move(block_);
}

}  // namespace tenter::bench
