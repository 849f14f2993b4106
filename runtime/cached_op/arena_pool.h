// ArenaPool: lends arenas to requests; the memory of a cached op is bounded here (COP-2).
//
// LOCK ORDER: ArenaPool::mutex_ is a leaf; arenas are created and destroyed without it.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: owns the idle arenas; a lent one comes back when its ArenaLease is
//   destroyed. The pool must outlive its leases.
// Invariants: (1) lent + idle <= capacity, so memory is bounded by requests in flight, never by
//   the number of threads that ever called. (2) an arena is lent to one request at a time.
// Errors: Acquire returns kClosed after Close, kResourceExhausted when full and refusing, or when
//   memory is short; nothing is lent then.
#pragma once

#include <memory>
#include <vector>

#include "runtime/base/mutex.h"
#include "runtime/base/probe.h"
#include "runtime/cached_op/arena.h"

namespace tenter {

enum class WhenFull {
  kQueue,   // wait until a request ends
  kRefuse,  // answer kResourceExhausted at once
};

class ArenaPool;

// The right to use an arena until destruction.
class ArenaLease {
 public:
  ArenaLease(ArenaPool* pool, std::unique_ptr<Arena> arena)
      : pool_(pool), arena_(std::move(arena)) {}
  ArenaLease(ArenaLease&&) = default;
  ~ArenaLease();
  Arena& operator*() const { return *arena_; }
  Arena* operator->() const { return arena_.get(); }

 private:
  ArenaPool* pool_;
  std::unique_ptr<Arena> arena_;
};

class ArenaPool {
 public:
  // REQUIRES: capacity > 0. `engine` and `probe` are borrowed.
  ArenaPool(Engine* engine, size_t capacity, WhenFull when_full, Probe* probe);
  // Blocks until every lease has ended.
  ~ArenaPool();

  // An arena for `plan`. Blocks while `capacity` requests are in flight, if the pool queues.
  Result<ArenaLease> Acquire(const std::shared_ptr<const Plan>& plan) EXCLUDES(mutex_);

  // Later and waiting calls of Acquire get kClosed; requests in flight go on.
  void Close() EXCLUDES(mutex_);

  bool closed() const EXCLUDES(mutex_);
  size_t in_flight() const EXCLUDES(mutex_);
  size_t in_flight_max() const EXCLUDES(mutex_);

 private:
  friend class ArenaLease;
  void Return(std::unique_ptr<Arena> arena) EXCLUDES(mutex_);
  Status AwaitRoom() REQUIRES(mutex_);
  std::unique_ptr<Arena> TakeIdle(const Plan* plan, std::unique_ptr<Arena>* evicted)
      REQUIRES(mutex_);

  Engine* const engine_;
  const size_t capacity_;
  const WhenFull when_full_;
  Probe* const probe_;
  mutable Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<Arena>> idle_ GUARDED_BY(mutex_);  // oldest first
  size_t lent_ GUARDED_BY(mutex_) = 0;
  size_t lent_max_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenter
