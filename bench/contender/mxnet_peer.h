// MxnetPeer: the dependency engine of MXNet 1.9.1, through its C API. Its variables are one-element
// arrays, since the C API cannot make a bare one.
//
// Thread safety: Contender's; MXNet allows pushes from many threads.
// Ownership and lifetime: owns its arrays; MXNet itself stays loaded to the end of the process.
// Invariants: ops are never bulked: a bulk counts as one op there.
// Errors: throws StatusError with MXNet's text.
#pragma once

#include "bench/contender/contender.h"
#include "bench/contender/mxnet_library.h"

namespace tenter::bench {

// The peer, or why there is none.
Result<ContenderPtr> MakeMxnetPeer(const MxnetOptions& options);
Description MxnetAbsence(const std::string& reason);

}  // namespace tenter::bench
