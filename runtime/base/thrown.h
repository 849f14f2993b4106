// Thrown: an exception as a value that may cross threads, kept with its original C++ type.
//
// The engine catches a body's exception into a Thrown, poisons vars with it, and the waits
// rethrow it. It exists because the reference count inside std::exception_ptr lives in the C++
// runtime library, which ThreadSanitizer does not instrument: passed around raw, it is reported
// as a race each time.
//
// Thread safety: copies may be used from any thread; Rethrow is const and may run concurrently.
// Ownership and lifetime: copies share the exception; the last one destroys it.
// Invariants: never empty unless default-constructed.
// Errors: Rethrow of an empty Thrown is a programmer error (CHECK). An exception that there is no
//   memory to keep becomes std::bad_alloc.
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "runtime/base/status.h"

namespace tenter {

class Thrown {
 public:
  Thrown() = default;

  // Takes the exception that is being handled. REQUIRES: called inside a catch block.
  static Thrown Current() noexcept;

  // Wraps a Status as the exception StatusError.
  static Thrown FromStatus(Status status) noexcept;

  bool empty() const { return box_ == nullptr; }

  // Throws the exception itself (not a copy): every catcher sees the same object.
  [[noreturn]] void Rethrow() const;

  // True when `other` is this very exception, as seen by std::current_exception() in a catch block.
  bool Is(const std::exception_ptr& other) const;

  // what() of a std::exception, or "exception that is not a std::exception".
  std::string Message() const;

  // The demangled type of the exception, for example "std::runtime_error".
  std::string TypeName() const;

  // The Status inside a StatusError; for any other exception a kInternal status with Message().
  Status ToStatus() const;

 private:
  struct Box;
  static std::shared_ptr<Box> NoMemory();
  std::shared_ptr<Box> box_;
};

}  // namespace tenter
