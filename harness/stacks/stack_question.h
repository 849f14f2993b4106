// StackQuestion: how one thread gets the frames of another, which gives them in the handler of a
// signal.
//
// Path: PrintThreadStacks: Ask, the signal, Await -> in the handler: Take, a walk, Give.
//
//   state     who goes on
//   none      the asker, by Ask
//   asked     the thread that is asked, by Take; the asker, who takes back what was not taken
//   walking   the thread, by Give; the asker, who waits no longer: what is given then is dropped
//   writing   the thread, which copies its frames: then there is none again, and the answer is here
//
// The number of the question is a part of the word, so that no answer comes to another question.
//
// Thread safety: Ask and Await by one thread at a time, Take and Give by any, in handlers, too.
// Ownership and lifetime: fits static storage.
// Invariants: nothing here allocates or takes a lock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"

namespace tenter {

class StackQuestion {
 public:
  static constexpr int kFrames = 48;
  static constexpr int64_t kTickNs = kNsPerMs / 2;

  // False while somebody still writes an answer.
  bool Ask(int thread) {
    if (word_.Load(kAcquire) != 0) return false;
    question_ = Word(++number_, thread);
    word_.Store(question_, kRelease);
    return true;
  }
  // True when the answer has come. The question is asked no more afterwards, in either case: one
  // that nobody has taken until `taken_ns`, or whose answer takes `walk_ns` more.
  bool Await(int64_t taken_ns, int64_t walk_ns) {
    while (word_.Load(kAcquire) == question_ && NowNs() < taken_ns) SleepNs(kTickNs);
    if (Move(question_, 0)) return false;
    const int64_t end_ns = NowNs() + walk_ns;
    while (word_.Load(kAcquire) != 0 && NowNs() < end_ns) SleepNs(kTickNs);
    return !Move(question_ + kWalking, 0) && word_.Load(kAcquire) == 0;
  }
  // After an Await that was true: copies the frames, and returns their number.
  int Answer(std::span<uintptr_t, kFrames> frames) const {
    for (int i = 0; i < count_; ++i) frames[static_cast<size_t>(i)] = answer_[i].Load(kRelaxed);
    return count_;
  }

  // The question, which `thread` answers now; 0 when it is not asked.
  uint64_t Take(int thread) {
    const uint64_t word = word_.Load(kAcquire);
    const bool mine = word == Word(static_cast<uint32_t>(word >> 32), thread);
    return mine && Move(word, word + kWalking) ? word : 0;
  }
  // False when nobody waits for it any more.
  bool Give(uint64_t question, std::span<const uintptr_t> frames) {
    if (!Move(question + kWalking, question + kWriting)) return false;
    count_ = std::min(static_cast<int>(frames.size()), kFrames);
    for (int i = 0; i < count_; ++i) answer_[i].Store(frames[static_cast<size_t>(i)], kRelaxed);
    word_.Store(0, kRelease);
    return true;
  }

 private:
  static constexpr uint64_t kWalking = 1, kWriting = 2;

  static uint64_t Word(uint32_t number, int thread) {
    return uint64_t{number} << 32 | static_cast<uint64_t>(thread) << 2;
  }
  bool Move(uint64_t from, uint64_t to) {
    uint64_t seen = from;
    while (seen == from)
      if (word_.CompareExchange(&seen, to, kAcqRel)) return true;
    return false;
  }

  // Number, thread and state; 0: none. What is written before a store with release, or a move, is
  // there for who loads or moves it.
  Atomic<uint64_t> word_ = 0;
  uint32_t number_ = 0;    // of the asker
  uint64_t question_ = 0;  // of the asker
  // Written in the state `writing`. Plain words would be copied by memcpy, which ThreadSanitizer
  // sees in code of which it sees no atomic.
  Atomic<uintptr_t> answer_[kFrames] = {};
  int count_ = 0;
};

}  // namespace tenter
