// Recorded: a target whose calls the flight recorder notes, when they begin and when they return.
//
// Path: OpenTarget (with its saboteur) -> Recorded -> the workload.
//
// Thread safety: as the target.
// Ownership and lifetime: owns the target; borrows the recorder until it is closed.
// Invariants: (1) answers and promises are the target's. (2) nothing is allocated and no thread is
//   ordered by a call here. (3) what the watchdog asks while all stands still (engine_describe),
//   and the release of tensors, which says nothing, are passed on as they are.
// Errors: those of the target.
#pragma once

#include <memory>

#include "harness/flight/flight.h"
#include "harness/target/target_library.h"

namespace tenter {

std::unique_ptr<TargetInstance> Recorded(std::unique_ptr<TargetInstance> target, Flight* flight);

}  // namespace tenter
