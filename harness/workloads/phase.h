// Phase: what a thread does that is no step of a workload, and may hang as well: it frees an
// engine, or closes a target.
//
// Path: whoever frees -> Phase -> the watchdog, when nothing moves.
//
// Thread safety: a Phase belongs to the thread that made it; Phases from any thread.
//   ThreadSanitizer sees no order between those that begin and end.
// Ownership and lifetime: a Phase takes itself out when it is destroyed; borrows its Phases, and
//   what it was given as text, which is constant.
// Invariants: neither allocates.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/unseen_mutex.h"

namespace tenter {

class Phase;

// Those that are under way.
class Phases {
 public:
  Phases() = default;
  Phases(const Phases&) = delete;
  Phases& operator=(const Phases&) = delete;

  struct Told {
    std::string_view doing;     // "freeing the engine"; empty when there is none
    std::string_view contract;  // that it breaks not to end, or empty
  };
  // The one that began first: the others may wait for it.
  inline Told Oldest() const EXCLUDES(mutex_);

  // How many began and ended; a number that grows says that something moves.
  uint64_t changes() const EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    return changes_;
  }

 private:
  friend class Phase;
  mutable UnseenMutex mutex_;
  Phase* newest_ GUARDED_BY(mutex_) = nullptr;
  uint64_t changes_ GUARDED_BY(mutex_) = 0;
};

class Phase {
 public:
  Phase(Phases* phases, std::string_view doing, std::string_view contract)
      : phases_(phases), doing_(doing), contract_(contract) {
    UnseenLock lock(phases_->mutex_);
    ++phases_->changes_;
    older_ = phases_->newest_;
    if (older_ != nullptr) older_->newer_ = this;
    phases_->newest_ = this;
  }
  ~Phase() {
    UnseenLock lock(phases_->mutex_);
    ++phases_->changes_;
    if (older_ != nullptr) older_->newer_ = newer_;
    (newer_ != nullptr ? newer_->older_ : phases_->newest_) = older_;
  }
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;

 private:
  friend class Phases;
  Phases* const phases_;
  const std::string_view doing_, contract_;
  Phase *older_ = nullptr, *newer_ = nullptr;  // guarded by the lock of phases_
};

inline Phases::Told Phases::Oldest() const {
  UnseenLock lock(mutex_);
  const Phase* oldest = newest_;
  while (oldest != nullptr && oldest->older_ != nullptr) oldest = oldest->older_;
  if (oldest == nullptr) return {};
  return {oldest->doing_, oldest->contract_};
}

}  // namespace tenter
