#include "bench/model/openvino_library.h"

#include <dlfcn.h>

#include "bench/contender/symbol.h"

namespace tenter::bench {
namespace {

bool FindAll(void* from, OpenvinoLibrary* ov, std::string* missing) {
  return FindSymbol(from, "ov_get_last_err_msg", &ov->last_error, missing) &&
         FindSymbol(from, "ov_get_openvino_version", &ov->get_version, missing) &&
         FindSymbol(from, "ov_version_free", &ov->free_version, missing) &&
         FindSymbol(from, "ov_core_create", &ov->create_core, missing) &&
         FindSymbol(from, "ov_core_read_model", &ov->read_model, missing) &&
         FindSymbol(from, "ov_model_reshape", &ov->reshape, missing) &&
         FindSymbol(from, "ov_core_compile_model", &ov->compile, missing) &&
         FindSymbol(from, "ov_model_free", &ov->free_model, missing) &&
         FindSymbol(from, "ov_compiled_model_free", &ov->free_compiled, missing) &&
         FindSymbol(from, "ov_compiled_model_create_infer_request", &ov->create_request, missing) &&
         FindSymbol(from, "ov_infer_request_free", &ov->free_request, missing) &&
         FindSymbol(from, "ov_tensor_create_from_host_ptr", &ov->create_tensor_of, missing) &&
         FindSymbol(from, "ov_tensor_free", &ov->free_tensor, missing) &&
         FindSymbol(from, "ov_infer_request_set_tensor", &ov->set_input, missing) &&
         FindSymbol(from, "ov_infer_request_infer", &ov->infer, missing) &&
         FindSymbol(from, "ov_infer_request_get_output_tensor_by_index", &ov->get_output,
                    missing) &&
         FindSymbol(from, "ov_infer_request_get_profiling_info", &ov->get_counters, missing) &&
         FindSymbol(from, "ov_profiling_info_list_free", &ov->free_counters, missing) &&
         FindSymbol(from, "ov_tensor_data", &ov->tensor_data, missing) &&
         FindSymbol(from, "ov_tensor_get_element_type", &ov->tensor_element, missing) &&
         FindSymbol(from, "ov_tensor_get_byte_size", &ov->tensor_bytes, missing);
}

}  // namespace

Result<OpenvinoLibrary> OpenvinoLibrary::Load(const std::string& path) {
  if (path.empty()) {
    return Status(StatusCode::kNotFound,
                  "no libopenvino_c.so was given (./tenter bench model --peers)");
  }
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Status(StatusCode::kNotFound, dlerror());
  OpenvinoLibrary found;
  std::string missing;
  if (!FindAll(library, &found, &missing))
    return Status(StatusCode::kNotFound, path + " has no " + missing);
  Version version = {};
  if (found.get_version(&version) != 0)
    return Status(StatusCode::kUnsupported, path + " does not tell its version");
  const std::string build = version.build;
  found.version = build.substr(0, build.find('-'));
  found.free_version(&version);
  return found;
}

void OpenvinoLibrary::Check(int returned) const {
  if (returned == 0) return;
  const char* text = last_error();
  throw StatusError({StatusCode::kInternal, "OpenVINO: " + std::string(text ? text : "no word") +
                                                " (" + std::to_string(returned) + ")"});
}

}  // namespace tenter::bench
