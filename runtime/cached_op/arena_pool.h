// ArenaPool: lends arenas to requests; the memory of a cached op is bounded here (COP-2).
//
//   Acquire: a place, in order of arrival -> with an idle arena of this plan, or a new one -> lease
//   ~ArenaLease: the ops have ended -> the arena is idle again, or is destroyed -> the place goes
//   to whoever waits longest
//   child of a fork: places of other threads are taken back; their arenas go when their ops have
//
// LOCK ORDER: ArenaPool::mutex_, then Arena's, in a fork only. Without it arenas are made, waited
//   for, and rid of their vars; the memory of an arena is freed under it, so that a fork, which
//   takes it, sees each arena either whole or gone.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: owns every arena; a lent one comes back when its ArenaLease is
//   destroyed. The pool must outlive its leases, and the engine the pool.
// Invariants: (1) lent + idle <= capacity, so memory is bounded by requests in flight, never by
//   the number of threads that ever called. (2) an arena is lent to one request at a time, and
//   never while an op of an earlier one is alive. (3) a call waits only while all places are lent,
//   and a place that becomes free goes to the call that has waited longest: nobody overtakes. (4)
//   an idle arena does not keep its plan alive; when the plan is gone, the next call that finds a
//   free place destroys the arena. (5) after Close no arena is idle.
// Errors: Acquire returns kClosed after Close, kResourceExhausted when full and refusing, or when
//   memory is short, kWaitInsideOp when it would wait inside an op; nothing is lent then.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <utility>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/base/probe.h"
#include "runtime/cached_op/arena.h"

namespace tenter {

enum class WhenFull {
  kQueue,   // wait until a request ends
  kRefuse,  // answer kResourceExhausted at once
};

class ArenaPool;

// Room for one request, with its arena once that is made. Only the thread that has it works with
// the arena; the pointer is changed under the lock of the pool.
struct ArenaPlace {
  std::shared_ptr<Arena> arena;
  uint64_t thread = 0;  // the key of the thread that has it; 0: nobody
};
// Places move between lists without an allocation.
using ArenaPlaces = std::list<ArenaPlace>;

// The right to use an arena. The destructor gives it back, and first waits for the ops that refer
// to it: so nothing that they use goes away under them, however the request ends.
class ArenaLease {
 public:
  ArenaLease() = default;
  ArenaLease(ArenaPool* pool, ArenaPlaces::iterator place) : pool_(pool), place_(place) {}
  ArenaLease(ArenaLease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), place_(other.place_) {}
  ArenaLease& operator=(ArenaLease&&) = delete;
  ~ArenaLease();
  Arena& operator*() const { return *place_->arena; }
  Arena* operator->() const { return place_->arena.get(); }

 private:
  ArenaPool* pool_ = nullptr;
  ArenaPlaces::iterator place_;
};

class ArenaPool final : public ForkMember {
 public:
  // REQUIRES: capacity > 0. `engine` and `probe` are borrowed.
  // Throws std::bad_alloc.
  ArenaPool(Engine* engine, size_t capacity, WhenFull when_full, Probe* probe);
  // Closes, and blocks until every lease has ended.
  ~ArenaPool();

  // An arena for `plan`. Blocks while `capacity` requests are in flight, if the pool queues.
  Result<ArenaLease> Acquire(std::shared_ptr<const Plan> plan) EXCLUDES(mutex_);

  // Later and waiting calls of Acquire get kClosed; requests in flight go on.
  void Close() EXCLUDES(mutex_);

  size_t in_flight() const EXCLUDES(mutex_);
  size_t in_flight_max() const EXCLUDES(mutex_);
  // Of all arenas that exist: lent, idle, or not destroyed yet.
  size_t bytes() const EXCLUDES(mutex_);
  size_t waiting() const EXCLUDES(mutex_);  // calls that wait for room now
  size_t idle() const EXCLUDES(mutex_);     // arenas that are kept for later requests

  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

 private:
  friend class ArenaLease;
  using Place = ArenaPlaces::iterator;
  // A call that waits for a place; lives in its frame.
  struct Waiter {
    uint64_t thread = 0;
    CondVar changed;
    bool has_place = false;
    Place place = {};
    Waiter* next = nullptr;
  };

  Result<Place> TakePlace(const std::shared_ptr<const Plan>& plan) EXCLUDES(mutex_);
  Result<Place> AwaitPlace() REQUIRES(mutex_);  // lets the lock go while it waits
  Place TakeFreePlace(const std::shared_ptr<const Plan>& plan) REQUIRES(mutex_);
  Status Furnish(ArenaPlace& place, std::shared_ptr<const Plan> plan) EXCLUDES(mutex_);
  Status Replace(ArenaPlace& place, const std::shared_ptr<const Plan>& plan) EXCLUDES(mutex_);
  void Return(Place place) EXCLUDES(mutex_);
  void HandOn(Place place) REQUIRES(mutex_);
  void AwaitLeases() EXCLUDES(mutex_);
  // Both let the lock go while they delete vars.
  void DestroyUnwanted() REQUIRES(mutex_);
  bool Empty(ArenaPlace& place) REQUIRES(mutex_);

  Engine* const engine_;
  const size_t capacity_;
  const WhenFull when_full_;
  Probe* const probe_;
  mutable Mutex mutex_;
  CondVar returned_;
  ArenaPlaces lent_ GUARDED_BY(mutex_);  // one per request in flight
  ArenaPlaces idle_ GUARDED_BY(mutex_);  // oldest first
  // To be destroyed. One that has a thread is being emptied by it; the others are left over, since
  // memory was short or their ops were alive after a fork, and the next call tries again.
  ArenaPlaces unwanted_ GUARDED_BY(mutex_);
  size_t lent_max_ GUARDED_BY(mutex_) = 0;
  Waiter* first_ GUARDED_BY(mutex_) = nullptr;
  Waiter* last_ GUARDED_BY(mutex_) = nullptr;
  size_t waiting_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenter
