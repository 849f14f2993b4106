// MakeOurModel: the cached op of this runtime, through its C API.
//
// Thread safety: see ModelContender.
// Ownership and lifetime: has a context of its own, an engine while a model is loaded.
// Invariants: the results are fresh tensors at each call, as a caller gets who asks for nothing.
// Errors: throws StatusError with the message of the C API.
#pragma once

#include "bench/model/model_contender.h"

namespace tenter::bench {

// kShared: what options that are all zero give, on an engine with one worker per client, at most
// as many as there are processors. kConfined: one thread that runs the nodes itself. kOpPerClient:
// a confined op for each client, all of one model.
enum class Sharing { kShared, kConfined, kOpPerClient };

ModelContenderPtr MakeOurModel(Sharing sharing);

}  // namespace tenter::bench
