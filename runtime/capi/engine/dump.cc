// Dumps of the C API: an engine that a signal handler may look at.
#include <cerrno>
#include <memory>

#include "runtime/capi/context/context.h"

struct tenter_dump {
  const std::shared_ptr<tenter::Engine> engine;
};

extern "C" {

tenter_code tenter_dump_prepare(tenter_context* context, tenter_engine engine, tenter_dump** dump,
                                tenter_error* error) {
  return tenter::Protect(error, [&]() -> tenter::Status {
    TENTER_FIND_OR_RETURN(found, context, engine);
    *dump = new tenter_dump{found->engine};
    return {};
  });
}

// In a signal handler: nothing here may lock, allocate or throw.
void tenter_dump_write(const tenter_dump* dump, int fd) {
  if (dump == nullptr) return;
  const int interrupted = errno;
  dump->engine->DumpTo(fd);
  errno = interrupted;
}

void tenter_dump_release(tenter_dump* dump) { delete dump; }

}  // extern "C"
