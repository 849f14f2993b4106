// PendingOp: an op between its push and its end, as the threaded engine keeps it.
//
//   waiting --(last access granted)--> ready --(a worker takes it)--> running --> ended
//                                        \--(poisoned input, or cancelled)-------/
//
// Thread safety: the fields under "constant" never change between push and end. `waiting_for` and
//   `bits` are atomic; the rest belongs to whoever has the op: the pusher, then the worker.
// Ownership and lifetime: a block of OpPool. The engine gives it back when the op has ended, its
//   body has returned and its completion handle is gone: a body may throw while another thread
//   still holds the handle.
// Invariants: (1) `waiting_for` is the number of accesses not granted; whoever takes it to zero
//   makes the op ready. (2) 256 bytes with up to three accesses (asserted), which is what a
//   pending op costs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "runtime/engine/op_body.h"
#include "runtime/engine/pending/op_name.h"
#include "runtime/engine/var/access.h"

namespace tenter {

class FailureScope;
class CapturedProgram;

// What can be linked into the ready lane: a pending op, or the stub of the lane.
struct Runnable {
  Atomic<Runnable*> next_ready = nullptr;
};

class PendingOp : public Runnable {
 public:
  static constexpr size_t kInlineAccesses = 3;

  // Of `bits`. An async op is given back when none of the first four is set.
  static constexpr uint32_t kBodyActive = 1;      // its body is on some worker's stack
  static constexpr uint32_t kHandleAlive = 2;     // its Completion exists somewhere
  static constexpr uint32_t kOpen = 4;            // it has not ended
  static constexpr uint32_t kTimed = 8;           // the deadlines know it
  static constexpr uint32_t kClaimed = 16;        // somebody ends it, or has ended it
  static constexpr uint32_t kHandleDropped = 32;  // uncalled, while the body was active
  static constexpr uint32_t kInUse = kBodyActive | kHandleAlive | kOpen | kTimed;

  enum class Phase : uint8_t { kFree, kWaiting, kReady, kRunning };

  enum class Role : uint8_t {
    kSingle,  // an op that was pushed
    kReplay,  // stands for all ops of a captured program
    kNode,    // an op of such a program
    kLeader,  // stands for a group of ops of a bulk
  };

  PendingOp() : program(nullptr) {}
  bool is_node() const { return role == Role::kNode; }

  // Room for `count` accesses; keeps what it has. Throws std::bad_alloc.
  Access* ReserveAccesses(size_t count) {
    if (count > kInlineAccesses && (spilled_ == nullptr || count > spilled_->capacity))
      spilled_ = std::make_unique<Spilled>(count);
    in_line_ = count <= kInlineAccesses;
    return in_line_ ? inline_ : spilled_->accesses.get();
  }
  // For NormaliseAccesses, after ReserveAccesses.
  uint64_t* keys() { return in_line_ ? nullptr : spilled_->keys.get(); }
  std::span<Access> accesses() {
    return {in_line_ ? inline_ : spilled_->accesses.get(), access_count};
  }

  void SetName(std::string_view text) { name_size_ = name_.Set(text); }
  std::string_view name() const { return name_.view(name_size_); }
  std::array<char, OpName::kPeeked + 1> PeekName() const { return name_.Peek(); }

  // Fetches the lines that the next owner of the block will write.
  void Prefetch() const {
    for (size_t at = 0; at < sizeof(PendingOp); at += 64)
      PrefetchForWrite(reinterpret_cast<const char*>(this) + at);
  }

  // First line: what every op needs. Constant after the push, but for the atomic words.
  Role role = Role::kSingle;
  uint8_t epoch = 0;
  bool deletes_var = false;  // the op that DeleteVar pushes: one write access, never cancelled
  uint8_t home = 0;          // the stripe of the pool that it came from

 private:
  bool in_line_ = true;

 public:
  Atomic<Phase> phase = Phase::kFree;  // for people who look from outside

 private:
  uint8_t name_size_ = 0;  // as OpName::Set returned it

 public:
  int32_t priority = 0;
  uint32_t access_count = 0;
  Atomic<uint64_t> push_number = 0;  // atomic only for people who look from outside
  Atomic<uint32_t> waiting_for = 0;
  Atomic<uint32_t> bits = 0;  // of async ops
  int64_t deadline_ns = 0;    // as NowNs counts; 0: none
  union {
    CapturedProgram* program;  // of a replay, and of a node
    PendingOp* group;          // of a leader: the first of its ops, which are linked by next_ready
  };

  FailureScope* scope = nullptr;  // of the nodes of a replay: that of the replay

  OpBody body;  // the second line

 private:
  // Many accesses, kept for the next op in this block.
  struct Spilled {
    explicit Spilled(size_t count)
        : capacity(count),
          accesses(std::make_unique<Access[]>(count)),
          keys(std::make_unique_for_overwrite<uint64_t[]>(KeysFor(count))) {}
    const size_t capacity;
    const std::unique_ptr<Access[]> accesses;
    const std::unique_ptr<uint64_t[]> keys;
  };
  std::unique_ptr<Spilled> spilled_;
  Access inline_[kInlineAccesses];  // up to the fourth line
  OpName name_;                     // few ask for it
};
static_assert(sizeof(PendingOp) == 256);

}  // namespace tenter
