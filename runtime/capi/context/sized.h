// Sized structs: those of the C API that start with `struct_size`, so that caller and runtime may
// know different versions of them.
//
// Path: C function -> WithOptions, ResultArray -> the C++ floors -> ResultArray::Set.
//
// Thread safety: pure functions; a ResultArray belongs to one call.
// Ownership and lifetime: borrow the caller's structs for the call.
// Invariants: (1) nothing is read or written beyond the caller's `struct_size`. (2) nothing is
//   written into a struct whose size was refused.
// Errors: kInvalidArgument names the struct, and what was found.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include "runtime/base/status.h"

namespace tenter {

// What `struct_size` 0 stands for: the size of the first version of a struct.
template <typename T>
inline constexpr size_t kFirstSize = sizeof(T);

// No struct of the API will be larger: what says so was never initialised.
inline constexpr size_t kStructSizeMax = 1 << 16;

template <typename T>
Result<size_t> SizeOf(const T& given, const char* name) {
  static_assert(offsetof(T, struct_size) == 0);
  const size_t size = given.struct_size;
  if (size == 0) return kFirstSize<T>;
  if (size >= sizeof(size_t) && size <= kStructSizeMax) return size;
  return Status(StatusCode::kInvalidArgument, std::string(name) + ".struct_size is " +
                                                  std::to_string(size) +
                                                  ", which is the size of no version of it");
}

// Whether `given` is exactly what is known here, so that it can be read where it lies.
template <typename T>
bool IsWhole(const T& given) {
  return given.struct_size == sizeof(T) || (given.struct_size == 0 && kFirstSize<T> == sizeof(T));
}

// Reads into `whole`, which is all zero, what the caller gave. What is asked for beyond the fields
// that are known here is refused, when the others have been read.
template <typename T>
Status ReadOptions(const T& given, const char* name, T* whole) {
  TENTER_ASSIGN_OR_RETURN(const size_t size, SizeOf(given, name));
  const auto* bytes = reinterpret_cast<const char*>(&given);
  std::memcpy(static_cast<void*>(whole), bytes, std::min(size, sizeof(T)));
  for (size_t at = sizeof(T); at < size; ++at)
    if (bytes[at] != 0)
      return {StatusCode::kInvalidArgument,
              std::string(name) + " of " + std::to_string(size) + " bytes asks for more than the " +
                  std::to_string(sizeof(T)) + " bytes that this runtime knows"};
  return {};
}

// Calls `use` with the whole of `given`; null is a struct that is all zero.
template <typename T, typename Use>
Status WithOptions(const T* given, const char* name, Use use) {
  if (given != nullptr && IsWhole(*given)) return use(*given);
  T whole = {};
  if (given != nullptr) TENTER_RETURN_IF_ERROR(ReadOptions(*given, name, &whole));
  return use(whole);
}

// Results of a caller: one, or an array whose elements have the size of the first.
template <typename T>
class ResultArray {
 public:
  // `first` may be null when `capacity` is 0.
  static Result<ResultArray> Of(T* first, size_t capacity, const char* name) {
    if (capacity == 0) return ResultArray(nullptr, 0, 0);
    if (first == nullptr)
      return Status(StatusCode::kInvalidArgument, std::string("no room for ") + name);
    TENTER_ASSIGN_OR_RETURN(const size_t size, SizeOf(*first, name));
    return ResultArray(reinterpret_cast<char*>(first), size, first->struct_size);
  }

  size_t size() const { return size_; }  // of each

  // Writes the i-th; what is not known here is zero.
  void Set(size_t i, T made) const {
    char* const out = first_ + i * size_;
    made.struct_size = given_;
    std::memcpy(out, static_cast<const void*>(&made), std::min(size_, sizeof(T)));
    if (size_ > sizeof(T)) std::memset(out + sizeof(T), 0, size_ - sizeof(T));
  }

 private:
  ResultArray(char* first, size_t size, size_t given) : first_(first), size_(size), given_(given) {}

  char* first_;
  size_t size_;
  size_t given_;  // as the caller wrote it
};

}  // namespace tenter
