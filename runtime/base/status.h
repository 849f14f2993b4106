// Status and Result<T>: expected failures as values.
//
// Every floor returns them across its public functions; exceptions exist only inside op bodies and
// user callbacks, and at the engine's waits, which throw what the body threw (contract ERR-5).
//
// Thread safety: plain values; distinct objects may be used from distinct threads.
// Ownership and lifetime: own their message.
// Invariants: (1) ok() means code() is kOk and the message is empty. (2) A Result holds a value
//   or a status that is not ok, never both: the constructors check it.
// Errors: reading the value of a failed Result is a programmer error (CHECK).
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/base/check.h"

namespace tenter {

enum class StatusCode {
  kOk = 0,
  kInvalidArgument,    // the caller's argument is wrong; the same call cannot succeed
  kNotFound,           // a file, name or handle that does not exist
  kUnsupported,        // understood, and not implemented: names the op, attribute, type or opset
  kOutOfRange,         // a number that its type or place cannot hold
  kDataLoss,           // a file that is truncated or corrupt
  kResourceExhausted,  // no memory, no thread, or a bounded pool is full and refuses
  kStopped,            // the engine was stopped, or the op was cancelled by a stop
  kStaleHandle,        // the var was deleted: its handle carries an older generation
  kWaitInsideOp,       // a wait was called from inside an op body (ENG-7)
  kConcurrentUse,      // an object created without the thread-safe flag is in use (COP-6)
  kClosed,             // the object was closed or freed
  kCompletionDropped,  // an op's completion handle was destroyed without being called (ENG-5)
  kInjected,           // an injected fault of the kind error(CODE)
  kInternal,           // a defect of this project
  kDeadlineExceeded,   // an op had not ended at its deadline
};

// The name of the code as it is printed and written to files, for example "invalid_argument".
std::string_view StatusCodeName(StatusCode code);

// The code that has this name, or nothing.
std::optional<StatusCode> StatusCodeFromName(std::string_view name);

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {
    TENTER_CHECK(code != StatusCode::kOk, "an error needs a code");
  }
  Status(const Status&) = default;
  Status& operator=(const Status&) = default;
  // Most statuses are ok, and a push moves several: those leave the empty texts alone.
  Status(Status&& other) noexcept : code_(other.code_) {
    if (!ok()) message_ = std::move(other.message_);
  }
  Status& operator=(Status&& other) noexcept {
    if (!ok() || !other.ok()) message_ = std::move(other.message_);
    code_ = other.code_;
    return *this;
  }
  ~Status() = default;

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // "invalid_argument: zero threads", or "ok".
  std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

// A Status as an exception: what an op body throws to fail with a code, and what the engine's waits
// throw for refusals of their own.
class StatusError : public std::runtime_error {
 public:
  explicit StatusError(Status status)
      : std::runtime_error(status.ToString()), status_(std::move(status)) {}
  const Status& status() const { return status_; }

 private:
  Status status_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT: a value is a result
  Result(Status status) : status_(std::move(status)) {  // NOLINT: so is an error
    TENTER_CHECK(!status_.ok(), "a Result without a value needs an error");
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }

  T& value() & {
    TENTER_CHECK(ok(), status_.ToString());
    return *value_;
  }
  const T& value() const& {
    TENTER_CHECK(ok(), status_.ToString());
    return *value_;
  }
  T&& value() && {
    TENTER_CHECK(ok(), status_.ToString());
    return std::move(*value_);
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace tenter

// Returns the error of `expression` to the caller, if it is one.
#define TENTER_RETURN_IF_ERROR(expression)                                      \
  do {                                                                          \
    if (::tenter::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

#define TENTER_CONCAT_INNER(a, b) a##b
#define TENTER_CONCAT(a, b) TENTER_CONCAT_INNER(a, b)

// Declares `target` with the value of a Result, or returns its error to the caller.
#define TENTER_ASSIGN_OR_RETURN(target, expression) \
  TENTER_ASSIGN_OR_RETURN_INNER(TENTER_CONCAT(result_, __LINE__), target, expression)
#define TENTER_ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                                     \
  if (!result.ok()) return result.status();                       \
  target = std::move(result).value()
