// OrtLibrary: the functions of ONNX Runtime that the benchmark calls, found by dlopen. No header of
// ONNX Runtime is used, since its package has none.
//
// Its C interface is one table of function pointers, to whose end each version adds. The positions
// below are those of version kApiVersion, and so of every later one.
//
// Thread safety: the pointers are constant after Load; sessions may be run by several threads.
// Ownership and lifetime: the library is never unloaded.
// Invariants: every pointer of a loaded library is set, and the table has answered as it should at
//   its first position and at its last one that is used.
// Errors: Load returns kNotFound with what is missing; Check throws StatusError with the text of
//   the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/base/status.h"

namespace tenter::bench {

struct OrtLibrary {
  static constexpr uint32_t kApiVersion = 13;
  using Handle = void*;
  using Error = void*;  // nullptr: success

  static Result<OrtLibrary> Load(const std::string& path);

  // Throws what a call returned, and releases it.
  void Check(Error error) const;

  std::string version;
  Error (*create_error)(int code, const char* message) = nullptr;
  const char* (*error_message)(Error) = nullptr;
  Error (*create_env)(int log_level, const char* log_id, Handle*) = nullptr;
  Error (*create_session)(Handle env, const char* path, Handle options, Handle*) = nullptr;
  Error (*run)(Handle session, Handle run_options, const char* const* input_names,
               const Handle* inputs, size_t input_count, const char* const* output_names,
               size_t output_count, Handle* outputs) = nullptr;
  Error (*create_options)(Handle*) = nullptr;
  Error (*enable_profile)(Handle options, const char* prefix) = nullptr;
  Error (*set_intra_op_threads)(Handle options, int) = nullptr;
  Error (*set_inter_op_threads)(Handle options, int) = nullptr;
  Error (*create_tensor_of)(Handle memory_info, void* data, size_t bytes, const int64_t* dims,
                            size_t rank, int element, Handle*) = nullptr;
  Error (*tensor_data)(Handle value, void** data) = nullptr;
  Error (*tensor_element)(Handle info, int* element) = nullptr;
  Error (*tensor_count)(Handle info, size_t* elements) = nullptr;
  Error (*tensor_info)(Handle value, Handle* info) = nullptr;
  Error (*create_cpu_memory_info)(int allocator, int memory, Handle*) = nullptr;
  Error (*free_of)(Handle allocator, void* memory) = nullptr;
  Error (*default_allocator)(Handle*) = nullptr;
  void (*release_error)(Error) = nullptr;
  void (*release_session)(Handle) = nullptr;
  void (*release_value)(Handle) = nullptr;
  void (*release_tensor_info)(Handle) = nullptr;
  void (*release_options)(Handle) = nullptr;
  // The name of the file is memory of the allocator.
  Error (*end_profile)(Handle session, Handle allocator, char** path) = nullptr;
  Error (*add_config)(Handle options, const char* key, const char* value) = nullptr;
};

}  // namespace tenter::bench
