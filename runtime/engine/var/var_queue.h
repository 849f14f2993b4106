// VarQueue: who may use one var now, and who waits. A state machine without threads and without
// I/O.
//
//   state               Append(read)   Append(write)   Complete(last reader)   Complete(writer)
//   idle                grant: reading grant: writing  -                       -
//   reading, no queue   grant          wait            idle                    -
//   reading, queue      wait           wait            grant head write        -
//   writing             wait           wait            -                       grant head write,
//                                                                              or the run of
//                                                                              reads at the head
//
// A wait (AccessMode::kWait) is granted where a read would be, and is over at once: it holds
// nothing. An update is a write here.
//
// Path: Engine::Push appends one access per var; the end of an op completes them and grants the
//    next.
//
// Thread safety: none of its own; guarded by the lock of its var.
// Ownership and lifetime: links the accesses that their op owns; an access must stay at its
//   address from Append to Complete (a wait: until it is granted). Nothing is allocated here, so
//   nothing here can fail.
// Invariants: (1) never a writer together with anybody else. (2) grants are in append order,
//   except that neighbouring reads are granted together (ENG-1). (3) when nobody holds the var,
//   nobody waits. (4) readers are counted, not linked: a thousand readers cost a number.
// Errors: completing an access that was not granted is a programmer error (CHECK).
#pragma once

#include <cstdint>

#include "runtime/engine/var/access.h"

namespace tenter {

class VarQueue {
 public:
  // Appends behind every earlier access. Returns true when it is granted at once.
  bool Append(Access* access) {
    // A read may not pass a waiting write, or writers would starve and the order would depend on
    // timing.
    if (head_ == nullptr && CanGrant(access->mode)) {
      Grant(access);
      return true;
    }
    access->next = nullptr;
    (head_ == nullptr ? head_ : tail_->next) = access;
    tail_ = access;
    return false;
  }

  // Ends a granted access. Returns the accesses that became granted, linked by next, in order.
  Access* Complete(Access* access);

  // Forgets the threads that wait: in the child of a fork they do not exist, nor do their stacks.
  void RemoveWaits();

  bool idle() const { return readers_ == 0 && !writing_; }
  bool writing() const { return writing_; }
  uint32_t readers() const { return readers_; }
  const Access* head() const { return head_; }

 private:
  bool CanGrant(AccessMode mode) const { return Writes(mode) ? idle() : !writing_; }
  void Grant(Access* access) {
    access->granted = true;
    if (Writes(access->mode))
      writing_ = true;
    else if (access->mode == AccessMode::kRead)
      ++readers_;
  }

  Access* head_ = nullptr;
  Access* tail_ = nullptr;
  uint32_t readers_ = 0;
  bool writing_ = false;
};

}  // namespace tenter
