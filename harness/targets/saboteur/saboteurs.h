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

// wait_saboteurs.cc
std::unique_ptr<WrappedTarget> WrongWaiter(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> LostError(std::unique_ptr<TargetInstance> inner);

// refusal_saboteurs.cc
std::unique_ptr<WrappedTarget> LostRefusal(std::unique_ptr<TargetInstance> inner);
std::unique_ptr<WrappedTarget> LeakOnRefusal(std::unique_ptr<TargetInstance> inner);

}  // namespace tenter
