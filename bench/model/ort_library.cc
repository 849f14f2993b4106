#include "bench/model/ort_library.h"

#include <dlfcn.h>

#include <string_view>

namespace tenter::bench {
namespace {

using Slot = void (*)();

// What OrtGetApiBase returns.
struct ApiBase {
  const Slot* (*get_api)(uint32_t version);
  const char* (*get_version)();
};

template <typename Function>
void Take(const Slot* table, size_t position, Function* function) {
  *function = reinterpret_cast<Function>(table[position]);
}

OrtLibrary FunctionsOf(const Slot* table) {
  OrtLibrary found;
  Take(table, 0, &found.create_error);             // CreateStatus
  Take(table, 2, &found.error_message);            // GetErrorMessage
  Take(table, 3, &found.create_env);               // CreateEnv
  Take(table, 7, &found.create_session);           // CreateSession
  Take(table, 9, &found.run);                      // Run
  Take(table, 10, &found.create_options);          // CreateSessionOptions
  Take(table, 14, &found.enable_profile);          // EnableProfiling
  Take(table, 24, &found.set_intra_op_threads);    // SetIntraOpNumThreads
  Take(table, 25, &found.set_inter_op_threads);    // SetInterOpNumThreads
  Take(table, 49, &found.create_tensor_of);        // CreateTensorWithDataAsOrtValue
  Take(table, 51, &found.tensor_data);             // GetTensorMutableData
  Take(table, 60, &found.tensor_element);          // GetTensorElementType
  Take(table, 64, &found.tensor_count);            // GetTensorShapeElementCount
  Take(table, 65, &found.tensor_info);             // GetTensorTypeAndShape
  Take(table, 69, &found.create_cpu_memory_info);  // CreateCpuMemoryInfo
  Take(table, 76, &found.free_of);                 // AllocatorFree
  Take(table, 78, &found.default_allocator);       // GetAllocatorWithDefaultOptions
  Take(table, 93, &found.release_error);           // ReleaseStatus
  Take(table, 95, &found.release_session);         // ReleaseSession
  Take(table, 96, &found.release_value);           // ReleaseValue
  Take(table, 99, &found.release_tensor_info);     // ReleaseTensorTypeAndShapeInfo
  Take(table, 100, &found.release_options);        // ReleaseSessionOptions
  Take(table, 110, &found.end_profile);            // SessionEndProfiling
  Take(table, 130, &found.add_config);             // AddSessionConfigEntry
  return found;
}

// A key without a letter is refused, by that function alone.
bool AnswersAsItShould(const OrtLibrary& ort) {
  const OrtLibrary::Error made = ort.create_error(1, "as it should");
  const bool first = made != nullptr && std::string_view(ort.error_message(made)) == "as it should";
  if (made != nullptr) ort.release_error(made);
  OrtLibrary::Handle options = nullptr;
  if (!first || ort.create_options(&options) != nullptr) return false;
  const OrtLibrary::Error refused = ort.add_config(options, "", "1");
  const bool last =
      refused != nullptr &&
      std::string_view(ort.error_message(refused)).find("key") != std::string_view::npos;
  if (refused != nullptr) ort.release_error(refused);
  ort.release_options(options);
  return last;
}

}  // namespace

Result<OrtLibrary> OrtLibrary::Load(const std::string& path) {
  if (path.empty())
    return Status(StatusCode::kNotFound, "no libonnxruntime.so was given (./tenter doctor)");
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Status(StatusCode::kNotFound, dlerror());
  const auto base = reinterpret_cast<const ApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
  if (base == nullptr) return Status(StatusCode::kNotFound, path + " has no OrtGetApiBase");
  const std::string version = base()->get_version();
  const Slot* table = base()->get_api(kApiVersion);
  if (table == nullptr) {
    return Status(StatusCode::kUnsupported, "ONNX Runtime " + version + " has no version " +
                                                std::to_string(kApiVersion) + " of its C API");
  }
  OrtLibrary found = FunctionsOf(table);
  found.version = version;
  if (AnswersAsItShould(found)) return found;
  return Status(StatusCode::kUnsupported,
                "ONNX Runtime " + version + " has its functions in other places");
}

void OrtLibrary::Check(Error error) const {
  if (error == nullptr) return;
  const std::string message = error_message(error);
  release_error(error);
  throw StatusError({StatusCode::kInternal, "ONNX Runtime: " + message});
}

}  // namespace tenter::bench
