#include "harness/targets/saboteur/saboteur.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "harness/faults/nearest.h"
#include "harness/targets/saboteur/saboteurs.h"

namespace tenter {
namespace {

constexpr std::array<SaboteurType, 7> kTypes = {{
    {"swap_outputs", "two invocations that are in flight together exchange their outputs",
     TGT_MODEL},
    {"stale_output", "every fifth invocation returns the outputs of an earlier one", TGT_MODEL},
    {"flip_bit", "one bit of every seventh output is wrong", TGT_MODEL},
    {"wrong_waiter", "a failure surfaces at the next wait for a healthy var instead of its own",
     TGT_ENGINE},
    {"lost_error", "every third wait that has to fail succeeds", TGT_ENGINE},
    {"lost_refusal", "an invocation that finds no memory says that it succeeded", TGT_MODEL},
    {"leak_on_refusal", "an invocation that finds no memory leaves a block behind", TGT_MODEL},
}};

// Beside kTypes: how each is made.
using Maker = std::unique_ptr<WrappedTarget> (*)(std::unique_ptr<TargetInstance> inner);
constexpr std::array<Maker, kTypes.size()> kMakers = {
    SwapOutputs, StaleOutput, FlipBit, WrongWaiter, LostError, LostRefusal, LeakOnRefusal};

}  // namespace

std::span<const SaboteurType> Saboteurs() { return kTypes; }

Result<std::unique_ptr<TargetInstance>> Sabotage(std::unique_ptr<TargetInstance> inner,
                                                 std::string_view name) {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i].name != name) continue;
    if ((inner->table().groups & kTypes[i].group) == 0)
      return Status(StatusCode::kInvalidArgument,
                    "saboteur '" + std::string(name) + "' spoils " +
                        (kTypes[i].group == TGT_MODEL ? "models" : "engines") + ", which target " +
                        inner->table().name + " does not have");
    return WrappedTarget::Wrap(kMakers[i](std::move(inner)));
  }
  std::vector<std::string> known;
  for (const SaboteurType& type : kTypes) known.emplace_back(type.name);
  return Status(StatusCode::kInvalidArgument,
                "unknown saboteur '" + std::string(name) + "'" + DidYouMean(name, known));
}

}  // namespace tenter
