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
// Path: Engine::Push appends one access per var; the end of an op completes them and grants the
//    next.
//
// Thread safety: none of its own; guarded by the engine's lock.
// Ownership and lifetime: links the accesses that their op owns; an access must stay at its
//   address from Append to Complete. Nothing is allocated here, so nothing here can fail.
// Invariants: (1) never a writer together with anybody else. (2) grants are in append order,
//   except that neighbouring reads are granted together (ENG-1). (3) when nobody holds the var,
//   nobody waits.
// Errors: completing an access that was not granted is a programmer error (CHECK).
#pragma once

#include <cstdint>

#include "runtime/engine/access.h"

namespace tenter {

class PendingOp;

// One op's place in one var's queue.
struct QueuedAccess {
  PendingOp* op = nullptr;
  uint32_t var_index = 0;
  AccessMode mode = AccessMode::kRead;
  bool granted = false;
  QueuedAccess* next = nullptr;  // in the queue of the var; after Complete: in the list of grants
};

class VarQueue {
 public:
  // Appends behind every earlier access. Returns true when it is granted at once.
  bool Append(QueuedAccess* access);

  // Ends a granted access. Returns the accesses that became granted, linked by next, in order.
  QueuedAccess* Complete(QueuedAccess* access);

  bool idle() const { return readers_ == 0 && !writing_; }

 private:
  bool CanGrant(AccessMode mode) const { return Writes(mode) ? idle() : !writing_; }
  void Grant(QueuedAccess* access);

  uint32_t readers_ = 0;
  bool writing_ = false;
  QueuedAccess* head_ = nullptr;
  QueuedAccess* tail_ = nullptr;
};

}  // namespace tenter
