// Deadlines: what must happen when a given time has come and it was not taken back before: the end
// of an async op that has started, the cancellation of a scope, the wake-up of a blocked body.
//
// One thread sleeps until the earliest deadline; it is started when the first one comes, so that an
// engine without deadlines has none.
//
// Thread safety: every method from any thread; `passed` is called on the thread of its own, with no
//   lock held.
// Ownership and lifetime: borrows the objects between Add and the end of `passed`, or a Remove that
//   answers true.
// Invariants: for each object that was added, either Remove answers true once or `passed` is called
//   once.
// Errors: Start returns kResourceExhausted when there is no thread; Add throws it as a StatusError,
//   and std::bad_alloc, and adds nothing then.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace tenter {

class Deadlines {
 public:
  using Passed = void (*)(void* owner, void* object);
  enum class After {
    kKeep,     // somebody keeps the object, and would take its deadline back
    kForget,   // nobody would
    kDestroy,  // nobody keeps it
  };
  // What is the same for all deadlines of one sort.
  struct Sort {
    Passed passed;
    // For objects that may go while `passed` runs: called after it, under the lock, so that no fork
    // comes in between; and `destroy` after that, without the lock.
    After (*after)(void* object) = nullptr;
    void (*destroy)(void* object) = nullptr;
  };

  Deadlines() = default;
  ~Deadlines() { Close(); }

  // Starts the thread unless it runs. Whoever wants to know early whether there is one calls it
  // before Add, which does the same.
  Status Start() EXCLUDES(mutex_);

  // Calls sort->passed(owner, object) when `at_ns` (as NowNs counts) has passed. An object may be
  // in once per time.
  void Add(int64_t at_ns, const Sort* sort, void* owner, void* object) EXCLUDES(mutex_);

  // Forgets `object`. False when its deadline has passed: then `passed` has been or will be called.
  bool Remove(int64_t at_ns, void* object) EXCLUDES(mutex_);

  // As Remove, and blocks while `passed` runs with it on another thread.
  void RemoveAndWait(int64_t at_ns, void* object) EXCLUDES(mutex_);

  // In the child of a fork: there is no thread, until Add or StartAgain; of the objects those stay
  // that are of the sort `kept`, also one whose `passed` ran: it will be called again. `mutex` was
  // held over the fork.
  void ForgetThread(const Sort* kept) EXCLUDES(mutex_);
  Status StartAgain() EXCLUDES(mutex_);
  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }

  // Whether the calling thread is the one that calls `passed`.
  bool OwnsThisThread() const { return thread_key_.Load(kRelaxed) == CurrentThreadKey(); }

  // Ends the thread. What is still known is forgotten.
  void Close() EXCLUDES(mutex_);

 private:
  struct Entry {
    const Sort* sort;
    void* owner;
  };
  using Entries = std::map<std::pair<int64_t, void*>, Entry>;
  Status StartThread() REQUIRES(mutex_);
  void PassFirst() REQUIRES(mutex_);
  void Loop() EXCLUDES(mutex_);

  Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);
  Entries::node_type passing_ GUARDED_BY(mutex_);  // whose `passed` runs; empty: none
  bool started_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;
  CondVar changed_;
  CondVar returned_;
  Atomic<uint64_t> thread_key_ = 0;  // of the thread; read by it alone, or compared with another's
  Thread thread_;                    // last: it uses everything above
};

}  // namespace tenter
