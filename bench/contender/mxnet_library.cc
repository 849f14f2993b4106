#include "bench/contender/mxnet_library.h"

#include <dlfcn.h>
#include <stdlib.h>

namespace tenter::bench {
namespace {

template <typename Function>
bool Find(void* library, const char* symbol, Function* function, std::string* missing) {
  *function = reinterpret_cast<Function>(dlsym(library, symbol));
  if (*function == nullptr) *missing = symbol;
  return *function != nullptr;
}

void SetEnvironment(int workers) {
  setenv("MXNET_ENGINE_TYPE", workers == 0 ? "NaiveEngine" : "ThreadedEnginePerDevice", 1);
  setenv("MXNET_CPU_WORKER_NTHREADS", std::to_string(workers == 0 ? 1 : workers).c_str(), 1);
  setenv("OMP_NUM_THREADS", "1", 1);
}

}  // namespace

Result<MxnetLibrary> MxnetLibrary::Load(const MxnetOptions& options) {
  if (options.library.empty()) {
    return Status(StatusCode::kNotFound,
                  "no libmxnet.so was given (./tenter bench engine --peers)");
  }
  SetEnvironment(options.workers);
  void* library = dlopen(options.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return Status(StatusCode::kNotFound, dlerror());
  MxnetLibrary found;
  std::string missing;
  const bool complete = Find(library, "MXGetLastError", &found.last_error, &missing) &&
                        Find(library, "MXGetVersion", &found.get_version, &missing) &&
                        Find(library, "MXEngineSetBulkSize", &found.set_bulk_size, &missing) &&
                        Find(library, "MXEnginePushSyncND", &found.push_sync, &missing) &&
                        Find(library, "MXNDArrayCreateEx", &found.create_array, &missing) &&
                        Find(library, "MXNDArrayFree", &found.free_array, &missing) &&
                        Find(library, "MXNDArrayWaitToRead", &found.wait_to_read, &missing) &&
                        Find(library, "MXNDArrayWaitAll", &found.wait_all, &missing);
  if (!complete) return Status(StatusCode::kNotFound, options.library + " has no " + missing);
  return found;
}

void MxnetLibrary::Check(int returned) const {
  if (returned != 0) throw StatusError({StatusCode::kInternal, last_error()});
}

}  // namespace tenter::bench
