// Planned: the exceptions that ops of a program throw, recognised again when a wait throws them.
//
// Thread safety: any thread.
// Ownership and lifetime: Counted counts its copies, so that a leaked exception or body is seen.
// Invariants: every planned exception carries the number of its op; a deleter's is negative and
//   names its var.
// Errors: none.
#pragma once

#include <cstdint>
#include <string>

#include "fuzz/program/program.h"
#include "runtime/base/atomic.h"
#include "runtime/base/thrown.h"

namespace tenter::fuzz {

// Counts the objects that hold one: copies of exceptions, or of bodies.
class Counted {
 public:
  explicit Counted(Atomic<int64_t>* live) : live_(live) { live_->FetchAdd(1, kAcqRel); }
  Counted(const Counted& other) : Counted(other.live_) {}
  Counted& operator=(const Counted&) = delete;
  ~Counted() { live_->FetchAdd(-1, kAcqRel); }

 private:
  Atomic<int64_t>* live_;
};

// Planned exceptions alive in this process.
int64_t LivePlanned();

// Identity of a planned exception thrown by the deleter of a var.
inline int DeleterId(int instance) { return -1 - instance; }

[[noreturn]] void ThrowPlanned(Type type, int id);
Thrown MakePlanned(Type type, int id);
// The status of a planned StatusError.
Status PlannedStatus(int id);

// What was caught.
struct Caught {
  enum class What { kNothing, kPlanned, kStatus, kUnknown };
  What what = What::kNothing;
  Type type = Type::kNone;            // kPlanned
  int id = 0;                         // kPlanned
  StatusCode code = StatusCode::kOk;  // kStatus
  std::string text;                   // for a person, and to find names in

  std::string ToText() const;
};

// Describes the exception that is being handled. REQUIRES: inside a catch block.
Caught Identify();

}  // namespace tenter::fuzz
