#include "runtime/base/thrown.h"

#include <cxxabi.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <typeinfo>

#include "runtime/base/tsan.h"

namespace tenter {

// `key` is the address on which the sanitizer is told about the edges between users of one
// exception.
struct Thrown::Box {
  std::exception_ptr exception;
  char key = 0;
  ~Box() {
    TsanAcquire(&key);
    exception = nullptr;
    TsanRelease(&key);
  }
};

// What stands in for every exception that there is no memory to keep; never destroyed.
std::shared_ptr<Thrown::Box> Thrown::NoMemory() {
  alignas(Box) static std::byte storage[sizeof(Box)];
  static Box* const box = [] {
    auto* const made = new (storage) Box{std::make_exception_ptr(std::bad_alloc())};
    TsanRelease(&made->key);
    return made;
  }();
  return {std::shared_ptr<void>(), box};  // shares nothing, so this allocates nothing
}

Thrown Thrown::Current() noexcept {
  const std::exception_ptr exception = std::current_exception();
  TENTER_CHECK(exception != nullptr, "Thrown::Current outside a catch block");
  Thrown thrown;
  try {
    thrown.box_ = std::make_shared<Box>();
  } catch (const std::bad_alloc&) {
    thrown.box_ = NoMemory();
    return thrown;
  }
  thrown.box_->exception = exception;
  TsanRelease(&thrown.box_->key);
  return thrown;
}

Thrown Thrown::FromStatus(Status status) noexcept {
  try {
    throw StatusError(std::move(status));
  } catch (...) {
    return Current();
  }
}

void Thrown::Rethrow() const {
  TENTER_CHECK(!empty(), "rethrow of an empty Thrown");
  TsanAcquire(&box_->key);
  const std::exception_ptr copy = box_->exception;
  TsanRelease(&box_->key);
  std::rethrow_exception(copy);
}

bool Thrown::Is(const std::exception_ptr& other) const {
  return !empty() && box_->exception == other;
}

std::string Thrown::Message() const {
  try {
    Rethrow();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "exception that is not a std::exception";
  }
}

std::string Thrown::TypeName() const {
  try {
    Rethrow();
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) return "foreign exception";
    int error = 0;
    const std::unique_ptr<char, void (*)(void*)> text(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, &error), std::free);
    return error == 0 ? text.get() : type->name();
  }
}

Status Thrown::ToStatus() const {
  try {
    Rethrow();
  } catch (const StatusError& error) {
    return error.status();
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, "out of memory (std::bad_alloc)"};
  } catch (...) {
    return {StatusCode::kInternal, TypeName() + ": " + Message()};
  }
}

}  // namespace tenter
