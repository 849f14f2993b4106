// Sabotage: a target that misbehaves in one chosen way, made of any target that behaves.
//
// Path: run plan -> TargetInstance::Open -> Sabotage -> workload, which cannot tell the wrapper
// from a target. A report counts what the checks find of it: the power that they had in that
// configuration.
//
// Thread safety: Sabotage on the main thread; the wrapper may be called from any thread, as the
//   target may.
// Ownership and lifetime: the wrapper owns the instance that it wraps, and closes it when it is
//   closed.
// Invariants: (1) whatever a saboteur does not name is forwarded unchanged. (2) a saboteur of
//   outputs leaves calls alone that are not in flight with another, so that a reference run of
//   one thread stays right; `rarely_another` alone does not, for so long.
// Errors: kInvalidArgument for an unknown name (with the nearest match), or for a target without
//   the functions to spoil.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "harness/target/target_library.h"
#include "runtime/base/status.h"

namespace tenter {

struct SaboteurType {
  std::string_view name;
  std::string_view meaning;
  uint32_t group;  // of the target that it spoils: TGT_MODEL, TGT_ENGINE or TGT_ITERATOR
};

// Every saboteur, in the order of the catalogue.
std::span<const SaboteurType> Saboteurs();

// Wraps `inner` with the saboteur called `name`.
Result<std::unique_ptr<TargetInstance>> Sabotage(std::unique_ptr<TargetInstance> inner,
                                                 std::string_view name);

}  // namespace tenter
