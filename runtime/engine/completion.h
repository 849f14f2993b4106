// Completion and OpContext: what the body of an op is given.
//
// Path: a worker calls the body with both -> Completion::Done or Fail, now or later, on any thread
//    -> the op ends -> its dependents become ready.
//
// Thread safety: a Completion may be moved to and called from any thread, once.
// Ownership and lifetime: a Completion must not outlive its engine: the engine's destructor waits
//    for it.
// Invariants: (1) every op ends exactly once (ENG-5). (2) a Completion that is destroyed uncalled
//    fails the op.
// Errors: calling a Completion twice, or after it was moved from, is a programmer error (CHECK).
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "runtime/base/thrown.h"
#include "runtime/engine/cancel.h"

namespace tenter {

// What an engine does when a completion handle is used; implemented by engines only.
class CompletionSink {
 public:
  virtual void OnCompleted(void* op, Thrown error) = 0;  // an empty error is success
  virtual void OnDropped(void* op) = 0;

 protected:
  ~CompletionSink() = default;
};

// The obligation to end an asynchronous op: a move-only handle.
class Completion {
 public:
  Completion(CompletionSink* sink, void* op) : sink_(sink), op_(op) {}
  Completion(Completion&& other) noexcept
      : sink_(std::exchange(other.sink_, nullptr)), op_(other.op_) {}
  Completion& operator=(Completion&&) = delete;
  ~Completion() {
    if (sink_ != nullptr) sink_->OnDropped(op_);
  }

  // Ends the op with success. REQUIRES: not called before, not moved from.
  void Done() { Take()->OnCompleted(op_, Thrown()); }

  // Ends the op with an error, which waits throw as StatusError, or with any exception.
  void Fail(Status status) { Take()->OnCompleted(op_, Thrown::FromStatus(std::move(status))); }
  void Fail(Thrown thrown) { Take()->OnCompleted(op_, std::move(thrown)); }

 private:
  CompletionSink* Take() {
    TENTER_CHECK(sink_ != nullptr, "a completion was called twice, or after it was moved away");
    return std::exchange(sink_, nullptr);
  }

  CompletionSink* sink_;
  void* op_;
};

// What a body may ask about itself.
struct OpContext {
  std::string_view name;  // ends with a zero where that of the Op did
  uint64_t push_number;
  int worker;               // index of the worker, -1 on the pushing thread (naive engine)
  CancelToken cancel = {};  // whether anybody still wants the result (ERR-12)
};

}  // namespace tenter
