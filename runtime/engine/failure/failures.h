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
#include "runtime/engine/pending/outcome.h"

namespace tenter {

class CancelSource;
class FailureScope;

struct EndedOp {
  std::string_view name;
  uint64_t push_number = 0;
  FailureScope* scope = nullptr;
};

class Failures {
 public:
  Failures();

  // Puts a failure that nobody has heard of before into the log of the scope of `op`, or of the
  // engine when it has none. Destroys `thrown` where memory is short.
  FailurePtr Record(const EndedOp& op, FailurePlace place, Thrown thrown) noexcept EXCLUDES(mutex_);

  // What an op that did not run well leaves in what it writes. `inputs` is what its inputs carried,
  // which the op becomes a part of; `stop` is the cancellation of the whole engine. A cancelled op
  // with a poisoned input would not have run anyway, so it is no failure of its own, and a backlog
  // that is cancelled does not collect one with every op of a chain.
  PoisonPtr PoisonLeftBy(const EndedOp& op, Outcome outcome, PoisonMerge inputs,
                         const CancelSource& stop) noexcept EXCLUDES(mutex_);

  FailureReport Take(size_t most) EXCLUDES(mutex_);
  FailurePtr Find(const std::exception_ptr& exception) const EXCLUDES(mutex_);
  FailurePtr Last() const EXCLUDES(mutex_);

  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }  // for a fork

 private:
  FailurePtr Make(const EndedOp& op, FailurePlace place, Thrown thrown) const noexcept;

  const FailurePtr no_memory_;
  const PoisonPtr no_memory_poison_;
  mutable Mutex mutex_;  // a leaf
  FailureLog log_ GUARDED_BY(mutex_);
};

}  // namespace tenter
