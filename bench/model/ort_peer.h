// MakeOrtPeer: ONNX Runtime out of its Python package, called through its C interface.
//
// Thread safety: see ModelContender; one session for all clients, each of which runs its own
//   request.
// Ownership and lifetime: the library and its environment stay until the process ends.
// Invariants: the default options but for the threads; those spin never, since they would take the
//   processor from the contenders beside.
// Errors: kNotFound where there is no library; then throws StatusError with its text.
#pragma once

#include <string>

#include "bench/model/model_contender.h"

namespace tenter::bench {

Result<ModelContenderPtr> MakeOrtPeer(const std::string& library);

// Who is missing, and why.
Description OrtAbsence(const std::string& reason);

}  // namespace tenter::bench
