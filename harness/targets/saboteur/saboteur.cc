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

constexpr std::array<SaboteurType, 22> kTypes = {{
    {"swap_outputs", "two invocations that are in flight together exchange their outputs",
     TGT_MODEL},
    {"stale_output", "every fifth invocation returns the outputs of an earlier one", TGT_MODEL},
    {"flip_bit", "one bit of every seventh output is wrong", TGT_MODEL},
    {"wrong_waiter", "a failure surfaces at the next wait for a healthy var instead of its own",
     TGT_ENGINE},
    {"lost_failure", "every third wait that has to fail succeeds", TGT_ENGINE},
    {"lost_refusal", "an invocation that finds no memory says that it succeeded", TGT_MODEL},
    {"leak_on_refusal", "an invocation that finds no memory leaves a block behind", TGT_MODEL},
    {"swap_rows", "two rows of a batch are exchanged while others are in flight", TGT_MODEL},
    {"zero_output", "every fifth output is zeros, and the call succeeded", TGT_MODEL},
    {"stale_shape", "an output has the shape of the request before it", TGT_MODEL},
    {"late_write", "an output changes after it was returned", TGT_MODEL},
    {"input_overwritten", "every ninth invocation writes into its input", TGT_MODEL},
    {"rarely_another", "one answer in a hundred is another one, to one thread alone, too",
     TGT_MODEL},
    {"leak_per_call", "every invocation leaves a block behind", TGT_MODEL},
    {"leak_per_error", "every invocation that fails leaves a block behind", TGT_MODEL},
    {"deadlock_of_three", "the third invocation that is inside never returns", TGT_MODEL},
    {"lonely_refusal", "a call is refused because of others when nobody else is there", TGT_MODEL},
    {"error_of_another", "an invocation that fails gets the error of another one", TGT_MODEL},
    {"compile_per_call", "every invocation counts as a compilation", TGT_MODEL},
    {"hidden_write", "every fiftieth invocation writes to a parameter", TGT_MODEL},
    {"lost_wakeup", "one wait sleeps on after what it waits for has ended", TGT_ENGINE},
    {"batch_twice", "every fifth batch holds once more what the one before it held", TGT_ITERATOR},
}};

// Beside kTypes: how each is made.
using Maker = std::unique_ptr<WrappedTarget> (*)(std::unique_ptr<TargetInstance> inner);
constexpr std::array<Maker, kTypes.size()> kMakers = {
    SwapOutputs,    StaleOutput, FlipBit,      WrongWaiter,     LostFailure,   LostRefusal,
    LeakOnRefusal,  SwapRows,    ZeroOutput,   StaleShape,      LateWrite,     InputOverwritten,
    RarelyAnother,  LeakPerCall, LeakPerError, DeadlockOfThree, LonelyRefusal, ErrorOfAnother,
    CompilePerCall, HiddenWrite, LostWakeup,   BatchTwice};

const char* What(uint32_t group) {
  return group == TGT_MODEL ? "models" : group == TGT_ENGINE ? "engines" : "iterators";
}

}  // namespace

std::span<const SaboteurType> Saboteurs() { return kTypes; }

Result<std::unique_ptr<TargetInstance>> Sabotage(std::unique_ptr<TargetInstance> inner,
                                                 std::string_view name) {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i].name != name) continue;
    if ((inner->table().groups & kTypes[i].group) == 0)
      return Status(StatusCode::kInvalidArgument, "saboteur '" + std::string(name) + "' spoils " +
                                                      What(kTypes[i].group) + ", which target " +
                                                      inner->table().name + " does not have");
    return WrappedTarget::Wrap(kMakers[i](std::move(inner)));
  }
  std::vector<std::string> known;
  for (const SaboteurType& type : kTypes) known.emplace_back(type.name);
  return Status(StatusCode::kInvalidArgument,
                "unknown saboteur '" + std::string(name) + "'" + DidYouMean(name, known));
}

}  // namespace tenter
