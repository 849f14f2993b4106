// PlanCache: each input signature is compiled at most once, also when many threads ask for it
// first (COP-3).
//
//   absent --(first caller)--> compiling --ok--> ready --(no room, least recently used)--> absent
//                                  \--error--> absent, and everybody who waited gets the error
//   child of a fork: what another thread was compiling is absent
//
// LOCK ORDER: PlanCache::mutex_ is a leaf; it is not held while a plan is compiled or destroyed.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: holds a reference to each ready plan; callers hold their own.
// Invariants: (1) at most one compilation per signature is under way. (2) no more plans are ready
//    than the limits allow, but for the one that was used last. (3) once a compilation has begun
//    nothing but the compilation itself can fail, so those who wait for it are always released.
// Errors: Get returns the error of the compilation that it started or waited for, and
//    kResourceExhausted when memory is short; a later Get tries again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/cached_op/plan.h"

namespace tenter {

struct PlanLimits {
  size_t plans = 0;  // 0: as many as the bytes hold
  size_t bytes = size_t{256} << 20;
};

class PlanCache final : public ForkMember {
 public:
  using CompileFunction =
      std::function<Result<std::shared_ptr<const Plan>>(std::span<const TensorSpec> signature)>;

  // `compile` is called without a lock, from the threads that call Get. Throws std::bad_alloc.
  PlanCache(const PlanLimits& limits, CompileFunction compile);
  ~PlanCache() { LeaveFork(this); }
  PlanCache(const PlanCache&) = delete;
  PlanCache& operator=(const PlanCache&) = delete;

  // The plan for this signature. Blocks while it is compiled, here or by another caller.
  Result<std::shared_ptr<const Plan>> Get(std::span<const TensorSpec> signature) EXCLUDES(mutex_);

  // Drops plans that are more than the limits allow, since one that is kept has become larger.
  void Trim() noexcept EXCLUDES(mutex_);

  // Compilations that were started so far, failed ones included.
  uint64_t compilations() const EXCLUDES(mutex_);
  size_t waiting() const EXCLUDES(mutex_);  // calls that wait for a compilation of another now

  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

  // The plans that are ready, what they hold, and how much of that is scratch memory.
  struct Kept {
    size_t plans = 0, bytes = 0, scratch_bytes = 0;
  };
  Kept kept() const EXCLUDES(mutex_);

 private:
  // Shared by the compiling thread and those that wait for it.
  struct Entry {
    bool done = false;
    Status status;
    std::shared_ptr<const Plan> plan;
    uint64_t last_use = 0;
    uint64_t thread = 0;  // the key of the thread that compiles
  };
  using Entries = std::map<std::string, std::shared_ptr<Entry>>;

  // The entry of `key`; *mine when it is fresh, and the caller compiles.
  std::shared_ptr<Entry> Find(const std::string& key, bool* mine) EXCLUDES(mutex_);
  Result<std::shared_ptr<const Plan>> Await(Entry& entry) EXCLUDES(mutex_);
  Result<std::shared_ptr<const Plan>> Compile(std::span<const TensorSpec> signature) const noexcept;
  void Publish(const std::string& key, Entry& entry, std::shared_ptr<const Plan> plan,
               Status status) noexcept EXCLUDES(mutex_);
  Kept CountKept() const REQUIRES(mutex_);
  bool IsFull() const REQUIRES(mutex_);
  Entries::node_type TakeLeastRecentlyUsed() REQUIRES(mutex_);

  const PlanLimits limits_;
  const CompileFunction compile_;
  mutable Mutex mutex_;
  CondVar compiled_;
  Entries entries_ GUARDED_BY(mutex_);
  uint64_t uses_ GUARDED_BY(mutex_) = 0;
  uint64_t compilations_ GUARDED_BY(mutex_) = 0;
  size_t waiting_ GUARDED_BY(mutex_) = 0;
};

// "float32[1,3,48,192] int64[1]": equal exactly for equal signatures.
std::string SignatureKey(std::span<const TensorSpec> signature);

}  // namespace tenter
