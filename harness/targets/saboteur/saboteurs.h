// The saboteurs themselves, one maker each; saboteur.h is the door.
//
// Thread safety: makers on the main thread; what they make, from any thread.
// Ownership and lifetime: each takes over the instance that it wraps.
// Invariants: what each does is said in the table of saboteur.cc.
#pragma once

#include <memory>

#include "harness/targets/saboteur/wrapped_target.h"

namespace tenter {

// invoke_saboteurs.cc
std::unique_ptr<WrappedTarget> SwapOutputs(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> StaleOutput(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> FlipBit(std::unique_ptr<TargetInstance> inner);

// output_saboteurs.cc
std::unique_ptr<WrappedTarget> SwapRows(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> ZeroOutput(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> StaleShape(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> LateWrite(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> InputOverwritten(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> RarelyAnother(std::unique_ptr<TargetInstance> inner);

// call_saboteurs.cc
std::unique_ptr<WrappedTarget> LostRefusal(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> LeakOnRefusal(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> LeakPerCall(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> LeakPerError(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> DeadlockOfThree(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> LonelyRefusal(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> ErrorOfAnother(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> CompilePerCall(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> HiddenWrite(std::unique_ptr<TargetInstance> inner);

// wait_saboteurs.cc
std::unique_ptr<WrappedTarget> LostWakeup(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> BatchTwice(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> WrongWaiter(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> LostFailure(std::unique_ptr<TargetInstance> inner);

}  // namespace tenter
