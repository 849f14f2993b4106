// MxnetLibrary: the functions of libmxnet.so 1.9.1 that the benchmark calls, found by dlopen. No
// header of MXNet is used.
//
// Thread safety: the pointers are constant after Load; MXNet says what they may do.
// Ownership and lifetime: the library is never unloaded: its threads and static objects outlive any
//   handle.
// Invariants: every pointer of a loaded library is set.
// Errors: Load returns kNotFound with what is missing; Check throws StatusError with the text of
//   MXGetLastError.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/status.h"

namespace tenter::bench {

// How MXNet's engine is set up; it reads this from the environment while it is loaded, so one
// process can have one kind only.
struct MxnetOptions {
  std::string library;  // path of libmxnet.so
  int workers = 2;      // 0: NaiveEngine
};

struct MxnetLibrary {
  using Handle = void*;
  using Body = void (*)(void* run_context, void* parameter);
  struct Context {
    int32_t device_type = 1;  // CPU
    int32_t device_id = 0;
  };

  static Result<MxnetLibrary> Load(const MxnetOptions& options);

  // Throws when a call returned anything but 0.
  void Check(int returned) const;

  const char* (*last_error)() = nullptr;
  int (*get_version)(int*) = nullptr;
  int (*set_bulk_size)(int, int* previous) = nullptr;
  int (*push_sync)(Body, void* parameter, void (*deleter)(void*), const void* context,
                   Handle* const_arrays, int, Handle* mutable_arrays, int, const void* property,
                   int priority, const char* name) = nullptr;
  int (*create_array)(const uint32_t* shape, uint32_t dimensions, int device_type, int device_id,
                      int delay_allocation, int type, Handle*) = nullptr;
  int (*free_array)(Handle) = nullptr;
  int (*wait_to_read)(Handle) = nullptr;
  int (*wait_all)() = nullptr;
};

}  // namespace tenter::bench
