// Late: an op that fails twice, and who asks for what each failure poisoned.
//
// The deadline of an async op passes, ops that read what it writes are skipped, and its completion
// fails when it is too late, which is a failure of its own of the same push. It happens on an
// engine of its own, of which nobody else hears: so every answer is known.
//
// Path: World -> FailLate -> the C API.
//
// Thread safety: any thread.
// Ownership and lifetime: everything that it makes is gone when it returns.
#pragma once

#include <string>

#include "runtime/capi/tenter/tenter.h"

namespace tenter::fuzz::api {

// With so many ops that read. Answers the code of the first call that fails and should not have;
// `wrong` says which answer was not right, if any.
tenter_code FailLate(tenter_context* context, int readers, std::string* wrong, tenter_error* error);

}  // namespace tenter::fuzz::api
