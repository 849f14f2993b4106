// MakeOpenvinoPeer: OpenVINO's CPU device out of its Python package, through its C interface.
//
// Thread safety: see ModelContender; one compiled model, and a request per client.
// Ownership and lifetime: the library and its core stay until the process ends.
// Invariants: 32-bit floating point throughout, as the others have; a stream per client, at most
//   as many as there are processors; sizes that the file leaves open are fixed before it compiles,
//   as its guide advises.
// Errors: kNotFound where there is no library; then throws StatusError with its text.
#pragma once

#include <string>

#include "bench/model/model_contender.h"

namespace tenter::bench {

Result<ModelContenderPtr> MakeOpenvinoPeer(const std::string& library);

// Who is missing, and why.
Description OpenvinoAbsence(const std::string& reason);

}  // namespace tenter::bench
