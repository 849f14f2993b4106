#include "runtime/cached_op/plan_cache.h"

#include <new>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/cached_op/no_memory.h"

namespace tenter {

std::string SignatureKey(std::span<const TensorSpec> signature) {
  std::string key;
  for (const TensorSpec& spec : signature) {
    key += spec.ToString();
    key += ' ';
  }
  return key;
}

PlanCache::PlanCache(const PlanLimits& limits, CompileFunction compile)
    : limits_(limits), compile_(std::move(compile)) {
  JoinFork(this);
}

Result<std::shared_ptr<const Plan>> PlanCache::Get(std::span<const TensorSpec> signature) {
  try {
    const std::string key = SignatureKey(signature);
    bool mine = false;
    const std::shared_ptr<Entry> entry = Find(key, &mine);
    if (!mine) return Await(*entry);
    Result<std::shared_ptr<const Plan>> plan = Compile(signature);
    if (plan.ok())
      Publish(key, *entry, plan.value(), {});
    else
      Publish(key, *entry, nullptr, CopyOf(plan.status()));
    return plan;
  } catch (...) {
    return StatusOfCurrent();
  }
}

std::shared_ptr<PlanCache::Entry> PlanCache::Find(const std::string& key, bool* mine) {
  MutexLock lock(mutex_);
  if (const auto known = entries_.find(key); known != entries_.end()) return known->second;
  auto entry = std::make_shared<Entry>();
  entry->thread = CurrentThreadKey();
  entries_.emplace(key, entry);  // the last step that may throw; nothing has changed then
  ++compilations_;
  *mine = true;
  return entry;
}

Result<std::shared_ptr<const Plan>> PlanCache::Await(Entry& entry) {
  MutexLock lock(mutex_);
  ++waiting_;
  while (!entry.done) compiled_.Wait(mutex_);
  --waiting_;
  if (!entry.status.ok()) return entry.status;
  entry.last_use = ++uses_;
  return entry.plan;
}

// Never throws, so that Get comes to Publish, which releases those who wait.
Result<std::shared_ptr<const Plan>> PlanCache::Compile(
    std::span<const TensorSpec> signature) const noexcept {
  try {
    return compile_(signature);
  } catch (...) {
    return StatusOfCurrent();
  }
}

void PlanCache::Publish(const std::string& key, Entry& entry, std::shared_ptr<const Plan> plan,
                        Status status) noexcept {
  Entries gone;  // destroyed without the lock, since a plan is large
  MutexLock lock(mutex_);
  entry.done = true;
  entry.last_use = ++uses_;
  entry.plan = std::move(plan);
  entry.status = std::move(status);
  if (!entry.status.ok()) gone.insert(entries_.extract(key));
  while (IsFull()) gone.insert(TakeLeastRecentlyUsed());
  compiled_.NotifyAll();
}

void PlanCache::Trim() noexcept {
  Entries gone;
  MutexLock lock(mutex_);
  while (IsFull()) gone.insert(TakeLeastRecentlyUsed());
}

bool PlanCache::IsFull() const {
  const Kept kept = CountKept();
  if (limits_.plans > 0 && kept.plans > limits_.plans) return true;
  return kept.plans > 1 && kept.bytes > limits_.bytes;
}

// REQUIRES: a plan is ready.
PlanCache::Entries::node_type PlanCache::TakeLeastRecentlyUsed() {
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (!it->second->done) continue;
    if (oldest == entries_.end() || it->second->last_use < oldest->second->last_use) oldest = it;
  }
  return entries_.extract(oldest);
}

PlanCache::Kept PlanCache::kept() const {
  MutexLock lock(mutex_);
  return CountKept();
}

PlanCache::Kept PlanCache::CountKept() const {
  Kept kept;
  for (const auto& [key, entry] : entries_) {
    if (entry->plan == nullptr) continue;
    ++kept.plans;
    kept.bytes += entry->plan->bytes();
    kept.scratch_bytes += entry->plan->scratch_bytes_of_workers();
  }
  return kept;
}

uint64_t PlanCache::compilations() const {
  MutexLock lock(mutex_);
  return compilations_;
}

size_t PlanCache::waiting() const {
  MutexLock lock(mutex_);
  return waiting_;
}

// The lock is taken here and released by one of the other two; the analysis cannot follow that.
void PlanCache::BeforeFork() NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }

void PlanCache::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }

void PlanCache::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  new (&compiled_) CondVar;  // those who waited exist in the parent only
  waiting_ = 0;
  std::erase_if(entries_, [](const auto& item) {
    return !item.second->done && item.second->thread != CurrentThreadKey();
  });
  mutex_.Unlock();
}

}  // namespace tenter
