// Push rules: the words with which both engines refuse an op, and the op that deletes a var.
//
// Path: Engine::Push, Engine::DeleteVar -> these -> the engine's own queue.
//
// Thread safety: pure functions.
// Ownership and lifetime: values.
// Invariants: both engines refuse the same ops with the same words (ENG-11).
// Where there is no memory for the words, an error keeps its code.
// Errors: kInvalidArgument, kStopped, kStaleHandle, kResourceExhausted.
#pragma once

#include <functional>
#include <string_view>

#include "runtime/base/probe.h"
#include "runtime/base/thrown.h"
#include "runtime/engine/op.h"

namespace tenter {

Status NoBody(std::string_view op) noexcept;
Status PushAfterStop() noexcept;
Status StaleVar(Var var) noexcept;  // ENG-8
Status RefusedWithoutReason() noexcept;
// Of several stale handles the smallest is named. `a` may be null.
const Var* SmallerVar(const Var* a, const Var* b);
Status NoMemoryFor(std::string_view op) noexcept;
Status WaitInsideOp(const char* wait, std::string_view op, uint64_t push_number) noexcept;  // ENG-7

// What an op fails with that was cancelled (`reason` as CancelSource has it), whose completion was
// dropped or lost by a fork, or that came too late. For want of memory std::bad_alloc.
Thrown Cancelled(std::string_view op, bool by_stop, StatusCode reason) noexcept;
Thrown CompletionDropped() noexcept;
Thrown CompletionLostByFork() noexcept;
Thrown DeadlineExceeded(std::string_view op) noexcept;

// The body of the op behind DeleteVar, which is a plain write of the var: runs `deleter`, which may
// be null.
OpBody DeletionBody(std::function<void()> deleter, Probe* probe);

}  // namespace tenter
