// Thread: an owned operating-system thread that is joined when it is destroyed; and what is known
// of the calling thread: a key, a name, its processors, what it passes on.
//
// Thread safety: Start, Join, moving and destruction: one thread at a time, ordered by the owner.
// Ownership and lifetime: the destructor joins, so whatever the body uses must outlive the Thread;
//   a Thread member is therefore declared last in its class. Detach is for a body that owns all
//   that it uses.
// Invariants: a body that throws ends the process: floors catch at their own boundary first.
// Errors: Start returns kResourceExhausted when the system has no thread left; nothing runs then.
#pragma once

#include <sched.h>
#include <signal.h>

#include <bit>
#include <cfenv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "runtime/base/status.h"

namespace tenter {

// A number for the calling thread, cheap to get, that no other live thread has; never 0. It is on
// the path of every call, so it is the register that says it, and not a call of pthread_self().
inline uint64_t CurrentThreadKey() {
  return reinterpret_cast<uintptr_t>(__builtin_thread_pointer());
}

// One of `kStripes` numbers for a thread, for counts that many threads raise. The stacks of threads
// lie at equal distances, most often 0x801000, of which a product alone makes thirds of a circle:
// three stripes for all. The shift breaks that.
template <size_t kStripes>
constexpr uint32_t StripeOf(uint64_t key) {
  static_assert(std::has_single_bit(kStripes));
  return static_cast<uint32_t>(((key ^ key >> 20) * 0x9e3779b97f4a7c15ULL) >>
                               (64 - std::countr_zero(kStripes)));
}
template <size_t kStripes>
uint32_t StripeOfThisThread() {
  return StripeOf<kStripes>(CurrentThreadKey());
}

// Lets another thread have this processor, if one wants it.
inline void YieldThread() { std::this_thread::yield(); }

// What a thread takes over from the one that starts it: the processors that it may use, the signals
// that it blocks, and how it rounds. A thread that is started late, by whoever needs it, applies
// what its owner had. What the system refuses stays as it is.
class Inheritance {
 public:
  static Inheritance OfThisThread();
  void Apply() const;  // to the calling thread

 private:
  cpu_set_t processors_;
  sigset_t blocked_signals_;
  std::fenv_t floating_point_;
};

// How the calling thread rounds what it computes with floats, denormals too. Taking it and applying
// it costs nanoseconds.
class Rounding {
 public:
  static Rounding OfThisThread();
  void Apply() const;  // to the calling thread

 private:
  uint32_t mode_ = 0;
};

// Moves the calling thread to another of the processors that it may use, if there is one.
void LeaveThisProcessor();

// How many processors the calling thread may use; at least 1.
int ProcessorCount();

// Keeps the calling thread on the i-th of the processors that the process may use, counted round.
void PinThisThread(int index);

// The name that Thread::Start gave to the calling thread, or the system's name for it.
std::string CurrentThreadName();

class Thread {
 public:
  Thread() = default;
  ~Thread() { Join(); }
  Thread(Thread&&) = default;
  // REQUIRES: this one was joined, or never started.
  Thread& operator=(Thread&&) = default;

  // Starts `body` on a new thread called `name` (at most 15 bytes are kept by the system).
  // REQUIRES: not started before.
  Status Start(const std::string& name, std::function<void()> body);

  // Blocks until the body returned. Does nothing when never started or already joined.
  void Join();

  // Leaves the thread to itself: for one that the system does not let go of, so that nobody can
  // wait for it. REQUIRES: started, not joined; the body owns all that it uses.
  void Detach();

 private:
  std::thread thread_;
};

}  // namespace tenter
