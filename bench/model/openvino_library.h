// OpenvinoLibrary: the functions of libopenvino_c.so that the benchmark calls, found by dlopen. The
// structs that it shares with its callers are declared here; no header of OpenVINO is used, since
// its package is not there when this is built.
//
// Thread safety: the pointers are constant after Load; requests of one compiled model run at once.
// Ownership and lifetime: the library is never unloaded.
// Invariants: every pointer of a loaded library is set.
// Errors: Load returns kNotFound with what is missing; Check throws StatusError with the text of
//   the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/base/status.h"

namespace tenter::bench {

struct OpenvinoLibrary {
  using Handle = void*;
  struct Shape {
    int64_t rank;
    int64_t* dims;
  };
  struct Dimension {
    int64_t least, most;
  };
  struct PartialShape {
    Dimension rank;
    Dimension* dims;
  };
  struct Version {
    const char* build;
    const char* description;
  };
  // Of one node, on average over all answers since the model was compiled, rounded down.
  struct Counter {
    int status;  // 0: took nothing, 1: optimised out, 2: executed
    int64_t real_us, cpu_us;
    const char *name, *kernel, *type;
  };
  struct Counters {
    Counter* data;
    size_t size;
  };

  static Result<OpenvinoLibrary> Load(const std::string& path);

  // Throws when a call returned anything but 0.
  void Check(int returned) const;

  std::string version;
  const char* (*last_error)() = nullptr;
  int (*get_version)(Version*) = nullptr;
  void (*free_version)(Version*) = nullptr;
  int (*create_core)(Handle*) = nullptr;
  int (*read_model)(Handle core, const char* path, const char* weights, Handle*) = nullptr;
  int (*reshape)(Handle model, const char** names, const PartialShape*, size_t) = nullptr;
  int (*compile)(Handle core, Handle model, const char* device, size_t words, Handle*,
                 ...) = nullptr;
  void (*free_model)(Handle) = nullptr;
  void (*free_compiled)(Handle) = nullptr;
  int (*create_request)(Handle compiled, Handle*) = nullptr;
  void (*free_request)(Handle) = nullptr;
  int (*create_tensor_of)(unsigned element, Shape, void* data, Handle*) = nullptr;
  void (*free_tensor)(Handle) = nullptr;
  int (*set_input)(Handle request, const char* name, Handle tensor) = nullptr;
  int (*infer)(Handle request) = nullptr;
  int (*get_output)(Handle request, size_t index, Handle* tensor) = nullptr;
  int (*tensor_data)(Handle tensor, void**) = nullptr;
  int (*tensor_element)(Handle tensor, unsigned*) = nullptr;
  int (*get_counters)(Handle request, Counters*) = nullptr;
  void (*free_counters)(Counters*) = nullptr;
  int (*tensor_bytes)(Handle tensor, size_t*) = nullptr;
};

}  // namespace tenter::bench
