#include "runtime/cached_op/plan_cache.h"

#include <utility>

#include "runtime/base/thrown.h"

namespace tenter {

std::string SignatureKey(std::span<const TensorSpec> signature) {
  std::string key;
  for (const TensorSpec& spec : signature) key += spec.ToString() + " ";
  return key;
}

PlanCache::PlanCache(size_t capacity, CompileFunction compile)
    : capacity_(capacity), compile_(std::move(compile)) {
  TENTER_CHECK(capacity > 0, "a plan cache needs room for one plan");
}

Result<std::shared_ptr<const Plan>> PlanCache::Get(std::span<const TensorSpec> signature) {
  const std::string key = SignatureKey(signature);
  std::shared_ptr<Entry> entry;
  {
    MutexLock lock(mutex_);
    std::shared_ptr<Entry>& slot = entries_[key];
    if (slot != nullptr) {
      entry = slot;
      while (!entry->done) compiled_.Wait(mutex_);
      if (!entry->status.ok()) return entry->status;
      entry->last_use = ++uses_;
      return entry->plan;
    }
    entry = slot = std::make_shared<Entry>();
    ++compilations_;
  }
  // Whatever the compilation throws must release those who wait for it.
  Result<std::shared_ptr<const Plan>> plan = Status(StatusCode::kInternal, "not compiled");
  try {
    plan = compile_(signature);
  } catch (...) {
    plan = Thrown::Current().ToStatus();
  }
  Publish(key, *entry, plan);
  return plan;
}

void PlanCache::Publish(const std::string& key, Entry& entry,
                        Result<std::shared_ptr<const Plan>> plan) {
  MutexLock lock(mutex_);
  entry.done = true;
  entry.last_use = ++uses_;
  if (plan.ok()) {
    entry.plan = std::move(plan).value();
    EvictBeyondCapacity();
  } else {
    entry.status = plan.status();
    entries_.erase(key);
  }
  compiled_.NotifyAll();
}

void PlanCache::EvictBeyondCapacity() {
  size_t ready = 0;
  for (const auto& [key, entry] : entries_) ready += entry->done;
  for (; ready > capacity_; --ready) {
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it)
      if (it->second->done &&
          (oldest == entries_.end() || it->second->last_use < oldest->second->last_use))
        oldest = it;
    entries_.erase(oldest);
  }
}

uint64_t PlanCache::compilations() const {
  MutexLock lock(mutex_);
  return compilations_;
}

}  // namespace tenter
