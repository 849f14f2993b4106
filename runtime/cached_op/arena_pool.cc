#include "runtime/cached_op/arena_pool.h"

#include <algorithm>
#include <new>
#include <utility>

#include "runtime/cached_op/sites.h"

namespace tenter {

ArenaLease::~ArenaLease() {
  if (arena_ != nullptr) pool_->Return(std::move(arena_));
}

ArenaPool::ArenaPool(Engine* engine, size_t capacity, WhenFull when_full, Probe* probe)
    : engine_(engine), capacity_(capacity), when_full_(when_full), probe_(probe) {
  TENTER_CHECK(capacity > 0, "an arena pool needs room for one request");
}

ArenaPool::~ArenaPool() {
  MutexLock lock(mutex_);
  while (lent_ > 0) returned_.Wait(mutex_);
}

Result<ArenaLease> ArenaPool::Acquire(const std::shared_ptr<const Plan>& plan) {
  std::unique_ptr<Arena> arena, evicted;
  {
    MutexLock lock(mutex_);
    TENTER_RETURN_IF_ERROR(AwaitRoom());
    arena = TakeIdle(plan.get(), &evicted);
    ++lent_;
    lent_max_ = std::max(lent_max_, lent_);
  }
  evicted.reset();
  Status status;
  try {
    status = TENTER_HIT(probe_, cached_op_sites::kArenaAcquire).error;
    if (status.ok() && arena == nullptr) {
      Result<std::unique_ptr<Arena>> created = Arena::Create(engine_, plan);
      if (created.ok())
        arena = std::move(created).value();
      else
        status = created.status();
    }
  } catch (const std::bad_alloc&) {
    status = {StatusCode::kResourceExhausted,
              "out of memory for an arena of " + std::to_string(plan->arena_bytes()) + " bytes"};
  }
  if (status.ok()) return ArenaLease(this, std::move(arena));
  Return(std::move(arena));
  return status;
}

Status ArenaPool::AwaitRoom() {
  while (true) {
    if (closed_) return {StatusCode::kClosed, "the cached op was freed"};
    if (lent_ < capacity_) return {};
    if (when_full_ == WhenFull::kRefuse)
      return {StatusCode::kResourceExhausted,
              std::to_string(capacity_) + " requests are in flight, the most that this op allows"};
    returned_.Wait(mutex_);
  }
}

std::unique_ptr<Arena> ArenaPool::TakeIdle(const Plan* plan, std::unique_ptr<Arena>* evicted) {
  const auto of_plan = [&](const auto& arena) { return arena->plan().get() == plan; };
  auto it = std::find_if(idle_.begin(), idle_.end(), of_plan);
  if (it == idle_.end()) {
    // A new arena is needed: an idle one of another signature makes room for it.
    if (lent_ + idle_.size() < capacity_ || idle_.empty()) return nullptr;
    *evicted = std::move(idle_.front());
    idle_.erase(idle_.begin());
    return nullptr;
  }
  std::unique_ptr<Arena> arena = std::move(*it);
  idle_.erase(it);
  return arena;
}

void ArenaPool::Return(std::unique_ptr<Arena> arena) {
  // Destroyed while this lease still counts: once the last lease has ended, the engine may be gone.
  if (closed()) arena.reset();
  MutexLock lock(mutex_);
  --lent_;
  if (arena != nullptr) idle_.push_back(std::move(arena));
  // All of them: the destructor may wait here beside those who wait for room.
  returned_.NotifyAll();
}

bool ArenaPool::closed() const {
  MutexLock lock(mutex_);
  return closed_;
}

void ArenaPool::Close() {
  std::vector<std::unique_ptr<Arena>> unwanted;
  MutexLock lock(mutex_);
  closed_ = true;
  unwanted.swap(idle_);
  returned_.NotifyAll();
}

size_t ArenaPool::in_flight() const {
  MutexLock lock(mutex_);
  return lent_;
}

size_t ArenaPool::in_flight_max() const {
  MutexLock lock(mutex_);
  return lent_max_;
}

}  // namespace tenter
