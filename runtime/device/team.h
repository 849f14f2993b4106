// Team: a few threads that help whoever calls Run with the parts of one kernel.
//
//   Run(4 parts)     caller   part 0    part 2   part 3   -> waits for part 1
//                    helper     part 1 ............
//
// Whoever is free takes the next part, so a helper that is late, asleep or not there at all costs
// time and nothing else: the caller takes all parts that nobody else took, and waits for those that
// are under way. Between two kernels of a request a helper spins, for the next one comes within
// microseconds; then it sleeps.
//
// Path: Teams -> Team::Run <- PartedKernel (ops/parts/parted_kernel.h).
//
// Thread safety: Run and Staff by one thread at a time, which whoever lends the team sees to.
// Ownership and lifetime: owns its helpers, which end with it. Parts are borrowed for one Run.
// Invariants: (1) each part of a Run is run exactly once, and has ended when Run returns; what it
//   wrote is seen by the caller. (2) Which thread runs a part is left open: nothing that a part
//   computes may depend on it, and each rounds as the caller does.
// Errors: none of Run. A helper that cannot be started is missed by nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/thread.h"

namespace tenter {

class Team {
 public:
  using Part = void (*)(void* of, size_t index) noexcept;
  static constexpr size_t kPartsMost = 0xffff;

  // Of `threads`, of which the caller is one; the others take over what `inheritance` says. Starts
  // none. REQUIRES: threads > 0.
  Team(const Inheritance& inheritance, int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // Starts the helpers that are not there, as far as the system lets it.
  void Staff() noexcept;

  // Calls part(of, index) for each index below `parts`, on this thread and the helpers, and returns
  // when all have returned. REQUIRES: parts <= kPartsMost.
  void Run(size_t parts, Part part, void* of) noexcept;

  // How many helpers sleep, or are about to.
  size_t asleep() const { return asleep_.Load(kRelaxed); }

  // In the child of a fork: its helpers are in the parent. REQUIRES: the calling thread, the only
  // one of this process, is not in Run.
  void ForgetThreads();

 private:
  struct Helper {
    Thread thread;
    bool started = false;
  };

  static uint64_t PartsOf(uint64_t word) { return word >> 16 & 0xffff; }
  static uint64_t NextOf(uint64_t word) { return word & 0xffff; }
  static bool HasParts(uint64_t word) { return NextOf(word) < PartsOf(word); }

  void Help();
  void Sleep();
  void Ring();
  bool TakeOne();

  const Inheritance inheritance_;
  // The number of the Run (32 bits), its parts (16), and the next of them that nobody took (16).
  // Storing it publishes the three behind it; who takes a part of it has acquired that store, and
  // they stay as they are until that part has ended.
  alignas(64) Atomic<uint64_t> word_ = 0;
  Part part_ = nullptr;
  void* of_ = nullptr;
  Rounding rounding_;  // of the caller
  // Parts of this Run that have ended: released by who ran them, acquired by the caller.
  alignas(64) Atomic<uint32_t> ended_ = 0;
  // Helpers that sleep or are about to, compared with word_ in sequentially consistent order.
  alignas(64) Atomic<uint32_t> asleep_ = 0;
  Atomic<uint32_t> bell_ = 0;  // rung when there is something to get up for
  Atomic<bool> ending_ = false;
  std::vector<Helper> helpers_;  // last: their threads use all of the above
};

}  // namespace tenter
