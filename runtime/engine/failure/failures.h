// Failures: how an engine writes down that an op failed, and what the op then leaves in its vars.
// The same for every engine (ENG-11), and never stopped by missing memory.
//
// Path: the end of an op -> Record -> PoisonLeftBy -> its vars; WaitForAll -> Take.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: owned by an engine.
// Invariants: (1) a failure is in the log of its scope, or of the engine when it has none. (2) an
//   op that failed leaves a poison, whatever the memory.
// Errors: construction throws std::bad_alloc, Take too. Where there is no memory for a failure or a
//   poison, one that was made before takes its place: it says so, and sorts behind all others.
#pragma once

#include <string_view>

#include "runtime/base/mutex.h"
#include "runtime/engine/failure/failure_log.h"

namespace tenter {

class FailureScope;

class Failures {
 public:
  Failures();

  // The failure of an op that nobody has heard of before. Destroys `thrown` where memory is short.
  FailurePtr Make(std::string_view op, uint64_t push_number, FailurePlace place,
                  Thrown thrown) const noexcept;

  // As Make, and puts it into the log of `scope`, or of the engine when that is null.
  FailurePtr Record(std::string_view op, uint64_t push_number, FailurePlace place, Thrown thrown,
                    FailureScope* scope) noexcept EXCLUDES(mutex_);

  // What `op` leaves in what it writes. `inputs` is what its inputs carried, which the op becomes a
  // part of; `own` may be null.
  PoisonPtr PoisonLeftBy(std::string_view op, uint64_t push_number, PoisonMerge inputs,
                         const FailurePtr& own) const noexcept;

  FailureReport Take(size_t most) EXCLUDES(mutex_);
  FailurePtr Find(const std::exception_ptr& exception) const EXCLUDES(mutex_);
  FailurePtr Last() const EXCLUDES(mutex_);

  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }  // for a fork

 private:
  const FailurePtr no_memory_;
  const PoisonPtr no_memory_poison_;
  mutable Mutex mutex_;  // a leaf
  FailureLog log_ GUARDED_BY(mutex_);
};

}  // namespace tenter
