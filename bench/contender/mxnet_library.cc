#include "bench/contender/mxnet_library.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "bench/contender/symbol.h"

namespace tenter::bench {
namespace {

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
  const bool complete =
      FindSymbol(library, "MXGetLastError", &found.last_error, &missing) &&
      FindSymbol(library, "MXGetVersion", &found.get_version, &missing) &&
      FindSymbol(library, "MXEngineSetBulkSize", &found.set_bulk_size, &missing) &&
      FindSymbol(library, "MXEnginePushSyncND", &found.push_sync, &missing) &&
      FindSymbol(library, "MXNDArrayCreateEx", &found.create_array, &missing) &&
      FindSymbol(library, "MXNDArrayFree", &found.free_array, &missing) &&
      FindSymbol(library, "MXNDArrayWaitToRead", &found.wait_to_read, &missing) &&
      FindSymbol(library, "MXNDArrayWaitAll", &found.wait_all, &missing);
  if (!complete) return Status(StatusCode::kNotFound, options.library + " has no " + missing);
  return found;
}

void MxnetLibrary::Check(int returned) const {
  if (returned != 0) throw StatusError({StatusCode::kInternal, last_error()});
}

}  // namespace tenter::bench
