// AnswerLog: the answers of one block, from all callers, and what is resident when it ends, all
// requests still in flight.
//
// The block begins when there are as many answers as requests in flight: what is asked at first, by
// all at once, waits less than what comes later. It ends when it has lasted, has as many again, and
// one in every place: else those that wait longest would not tell. After a hundred times as long
// and three times as many answers it ends all the same, and says how many places had none.
//
// Thread safety: all but Begin and Take from any thread. No lock on the way of an answer: of a
//   thousand threads most would wait for that, and not for a model.
// Ownership and lifetime: owns its copies.
// Invariants: the place for latencies is resident before anything is loaded, so that it does not
//   count as memory of the model; a block ends when it is full.
// Errors: Fail keeps the first failure and ends the block; Take throws it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/inference/first_answers.h"
#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thrown.h"

namespace tenter::bench {

// A request: with which inputs, in which place among those in flight, and when.
struct Asked {
  size_t set = 0;
  size_t place = 0;
  int64_t at_ns = 0;
};

struct Block {
  int64_t start_ns = 0, end_ns = 0;
  int64_t setup_ns = 0;                  // until the callers could begin
  uint64_t unanswered = 0;               // places without an answer in the block
  uint64_t mismatches = 0;               // also before the block
  std::string mismatch;                  // the first of them
  double peak = 0, now = 0, mapped = 0;  // resident bytes beyond those from before the load
  std::vector<double> latencies;         // of the answers in the block, ns

  double per_s() const;
  // By nearest rank. REQUIRES: there are answers.
  double Quantile(double share) const;
};

class AnswerLog {
 public:
  AnswerLog(size_t in_flight, int64_t block_ns);

  // From here on memory counts.
  void Begin();
  // An answer, before the next request takes its place. Compares it, and keeps its latency.
  void Answered(const Asked& asked, const std::vector<Answer>& answers, const FirstAnswers& first,
                int64_t now_ns);
  // One that only shows whether it is right.
  void Compare(size_t set, const std::vector<Answer>& answers, const FirstAnswers& first)
      EXCLUDES(mutex_);
  void Fail(Thrown thrown) EXCLUDES(mutex_);
  // Nobody asks anything more.
  bool ended() const { return ended_.Load(kRelaxed); }

  // When the callers have ended.
  Block Take() EXCLUDES(mutex_);

 private:
  bool Ends(size_t count, int64_t now_ns) const;
  void End(size_t count, int64_t now_ns);

  const size_t warm_, least_;
  const int64_t block_ns_;
  double before_ = 0, mapped_before_ = 0;
  Atomic<bool> ended_ = false;
  Atomic<uint64_t> answers_ = 0;  // all of them
  Atomic<int64_t> start_ns_ = 0;  // of the block; 0: it has not begun
  Atomic<uint64_t> taken_ = 0;    // places for latencies
  Atomic<uint64_t> unanswered_;
  std::vector<Atomic<bool>> had_one_;  // of the places, in the block
  std::vector<double> latencies_;
  size_t counted_ = 0;  // of these; with the block, of whoever ends it
  Block block_;
  Mutex mutex_;
  uint64_t mismatches_ GUARDED_BY(mutex_) = 0;
  std::string mismatch_ GUARDED_BY(mutex_);
  Thrown failure_ GUARDED_BY(mutex_);
};

}  // namespace tenter::bench
