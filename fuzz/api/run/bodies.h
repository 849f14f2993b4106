// Bodies: what the ops of a program do.
//
// Path: World -> COp -> the C API -> the bodies -> the Op.
//
// Thread safety: any thread.
// Ownership and lifetime: `op` outlives the context to which it is given.
#pragma once

#include "fuzz/api/run/op.h"

namespace tenter::fuzz::api {

// `op` as the C API takes it, in no scope.
tenter_op COp(Op* op);
// The deleter of a kDeleteVar, whose argument is its Op.
tenter_code RunDeleter(void* op);

}  // namespace tenter::fuzz::api
