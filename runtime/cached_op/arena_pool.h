// ArenaPool: lends arenas to requests; the memory of a cached op is bounded here (COP-2).
//
//   Enter: a place, by priority and in order of arrival -> Furnish: its arena, or a new one, for
//   this plan -> the request runs -> Return: the arena is idle again -> the place goes to whoever
//   is first in the queue
//   TakeAlong: those that wait behind whoever has a place, and are of its kind, run as one with it
//   child of a fork: places of other threads are taken back; their arenas go when their ops have
//
// Nobody blocks here: who has to wait is told, and whoever returns a place is told who has it now.
// So a request holds nothing but its inputs while it waits, and needs no thread.
//
// LOCK ORDER: ArenaPool::mutex_, then Arena's, in a fork only. Without it arenas are made and rid
//   of their vars; the memory of an arena is freed under it, so that a fork, which takes it, sees
//   each arena either whole or gone.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: owns every arena; a lent one comes back by Return. Borrows an entrant
//   from Enter until Return, Withdraw or Close has taken it out. The engine must outlive the pool.
// Invariants: (1) lent + idle <= limits.running, so memory is bounded by requests that run, never
//   by the number of threads that ever called, or of requests that wait. (2) an arena is lent to
//   one request at a time, or to several that run as one. (3) a request waits only while all places
//   are lent, and a place that becomes free goes to the request of the highest priority that has
//   waited longest: nobody overtakes, also when several go together. (4) an idle arena keeps no
//   plan alive. (5) after Close no arena is idle, and only those wait that were put back. (6) no
//   more than limits.in_flight requests run.
// Errors: Enter and EnterIfFree return kClosed after Close, and kStopped when it was withdrawn
//   before; Enter also kResourceExhausted when full and refusing, and kWaitInsideOp when the
//   entrant's thread would wait inside an op; Furnish returns kResourceExhausted when memory is
//   short, and what Arena::Lend says.
#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/base/probe.h"
#include "runtime/cached_op/arena.h"

namespace tenter {

enum class WhenFull {
  kQueue,   // wait until a request ends
  kRefuse,  // answer kResourceExhausted at once
};

struct PoolLimits {
  size_t running = 1;    // arenas that exist at once, but for those of forgotten requests
  size_t in_flight = 1;  // requests that run; and that run or wait, where more are refused
  WhenFull when_full = WhenFull::kQueue;

  // Requests that may run as one in each place. So in_flight of them run at most, in arenas that
  // are no larger, all together, than so many of one request each.
  size_t together() const { return in_flight / running; }
};

// Room for one request, with its arena once that is made. Only who has it works with the arena; the
// pointer is changed under the lock of the pool.
struct ArenaPlace {
  std::shared_ptr<Arena> arena;
  uint64_t thread = 0;  // the key of the thread that it belongs to; 0: none
};
// Places move between lists without an allocation.
using ArenaPlaces = std::list<ArenaPlace>;

// Who wants a place.
struct Entrant {
  int priority = 0;            // larger: sooner
  uint64_t thread = 0;         // the key of the thread that is gone with the request; 0: none is
  bool blocks = false;         // that thread waits for the place
  const void* kind = nullptr;  // those of one kind and priority may run as one; null: alone
  ArenaPlaces::iterator place = {};  // once it has one

  // Of the pool.
  bool has_place = false, waits = false, withdrawn = false;
  size_t along = 0;  // requests that run as one in its place, but for the first
  Entrant* before = nullptr;
  Entrant* after = nullptr;

  Arena& arena() const { return *place->arena; }
};

class ArenaPool final : public ForkMember {
 public:
  // REQUIRES: limits.running > 0. `engine`, which may be null where all plans run inline, and
  // `probe` are borrowed. Throws std::bad_alloc.
  ArenaPool(Engine* engine, const PoolLimits& limits, Probe* probe);
  // REQUIRES: closed, and every place was returned.
  ~ArenaPool();

  // True when a place was free, which the entrant has now. False when it would have to wait.
  Result<bool> EnterIfFree(Entrant* entrant, const std::shared_ptr<const Plan>& plan)
      EXCLUDES(mutex_);
  // True when the entrant has a place. False when it waits: then it belongs to the pool, and
  // whoever hands it a place begins it.
  Result<bool> Enter(Entrant* entrant, const std::shared_ptr<const Plan>& plan) EXCLUDES(mutex_);
  // Brings an arena to its place, and lends it for `plan`. The fault site is that of a request: a
  // batch has none, since what strikes it could be told to nobody.
  Status Furnish(Entrant& entrant, std::shared_ptr<const Plan> plan) EXCLUDES(mutex_);
  // With how many `first`, which has its place, may run as one now, counting itself.
  size_t CountAlong(const Entrant& first) const EXCLUDES(mutex_);
  // Gives the place of `first` to `batch`, for `size` requests: `first` and those behind it in the
  // queue, which are linked to it by `after`. False when they are no longer so many; then nothing
  // has changed. REQUIRES: no arena is lent to it.
  bool TakeAlong(Entrant& first, Entrant& batch, size_t size) noexcept EXCLUDES(mutex_);
  // One of those that run as `batch` has ended before the others.
  void LeaveBatch(Entrant& batch) noexcept EXCLUDES(mutex_);
  // As Return, and those that ran as `batch`, linked by `after`, run again, each alone: they come
  // first in the queue. Returns whom to go on with, linked by `after`: those that have a place now
  // must be begun, those that were withdrawn have none and must be ended.
  Entrant* ReturnAndPutBack(Entrant* ran, Entrant& batch) noexcept EXCLUDES(mutex_);
  // Takes the place back; those that ran as one in it have left, too. Returns who has it now, and
  // must be begun, or null. REQUIRES: no op of the request is alive.
  Entrant* Return(Entrant& entrant) noexcept EXCLUDES(mutex_);
  // True when the entrant waited: it does no longer. One that comes later is turned away.
  bool Withdraw(Entrant& entrant) noexcept EXCLUDES(mutex_);

  // Later calls of Enter get kClosed; requests that run go on. Returns those that waited, linked by
  // `after`: they do no longer.
  Entrant* Close() noexcept EXCLUDES(mutex_);

  const PoolLimits& limits() const { return limits_; }
  size_t in_flight() const EXCLUDES(mutex_);  // that have a place, or run as one with who has it
  size_t in_flight_max() const EXCLUDES(mutex_);
  // Of all arenas that exist: lent, idle, or not destroyed yet.
  size_t bytes() const EXCLUDES(mutex_);
  uint64_t batched() const EXCLUDES(mutex_);  // requests that have run as one with others
  size_t waiting() const EXCLUDES(mutex_);    // requests that wait for room now
  size_t idle() const EXCLUDES(mutex_);       // arenas that are kept for later requests

  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

 private:
  using Place = ArenaPlaces::iterator;

  Result<bool> TryEnter(Entrant* entrant, const std::shared_ptr<const Plan>& plan) REQUIRES(mutex_);
  Status MayWait(const Entrant& entrant) const REQUIRES(mutex_);
  void AddWaiting(Entrant* entrant) REQUIRES(mutex_);
  void RemoveWaiting(Entrant* entrant) REQUIRES(mutex_);
  void AddFirst(Entrant* entrant) REQUIRES(mutex_);
  size_t CountFrom(const Entrant& first) const REQUIRES(mutex_);
  void GivePlace(Entrant* entrant, Place place) REQUIRES(mutex_);
  size_t running() const REQUIRES(mutex_) { return lent_.size() + along_; }
  Place TakeFreePlace(const std::shared_ptr<const Plan>& plan) REQUIRES(mutex_);
  Place TakeBack(Entrant& entrant) REQUIRES(mutex_);
  Entrant* HandOn(Place place) REQUIRES(mutex_);
  // Both let the lock go while they delete vars.
  void DestroyUnwanted() REQUIRES(mutex_);
  bool Empty(ArenaPlace& place) REQUIRES(mutex_);

  Engine* const engine_;
  const PoolLimits limits_;
  Probe* const probe_;
  mutable Mutex mutex_;
  ArenaPlaces lent_ GUARDED_BY(mutex_);  // one per request that runs, or per batch
  size_t along_ GUARDED_BY(mutex_) = 0;  // requests of batches, but for the first of each
  ArenaPlaces idle_ GUARDED_BY(mutex_);  // oldest first
  // To be destroyed. One that has a thread is being emptied by it; the others are left over, since
  // memory was short or their ops were alive after a fork, and the next call tries again.
  ArenaPlaces unwanted_ GUARDED_BY(mutex_);
  uint64_t batched_ GUARDED_BY(mutex_) = 0;
  size_t running_max_ GUARDED_BY(mutex_) = 0;
  Entrant* first_ GUARDED_BY(mutex_) = nullptr;
  Entrant* last_ GUARDED_BY(mutex_) = nullptr;
  size_t waiting_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenter
