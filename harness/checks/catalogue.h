// The checks: their names, what they promise, and the contracts that they hold a target to.
//
// Thread safety: constant.
// Ownership and lifetime: static storage.
// Invariants: a finding names one of these checks.
#pragma once

#include <array>
#include <string_view>

namespace tenter {

struct CheckType {
  std::string_view name;
  std::string_view meaning;
  std::string_view contracts;  // space-separated ids; a finding names the one that broke
};

inline constexpr CheckType kDeterminism{
    "determinism", "every output is bitwise equal to the one-thread answer for the same input",
    "COP-1 COP-5"};
inline constexpr CheckType kAnswer{
    "answer",
    "the one-thread answer is what another runtime computes, within the derived tolerance",
    "COP-9"};
inline constexpr CheckType kOwnership{
    "ownership", "inputs are only read, and an output stays what it was until it is released",
    "COP-1"};
inline constexpr CheckType kErrorExactness{
    "error_exactness", "the right error, at the right waiter, the promised number of times",
    "ERR-1 ERR-2 ERR-3 ERR-5 ERR-6 ERR-8 ERR-9 ERR-10 COP-2 COP-5 COP-6 COP-7 ITR-2 ITR-3"};
inline constexpr CheckType kDependencyOrder{
    "dependency_order", "conflicting ops ran in push order and never overlapped; values are right",
    "ENG-1 ENG-2 ENG-3 ENG-5"};
inline constexpr CheckType kHiddenWrite{"hidden_write",
                                        "nothing writes to the parameters of a model", "COP-2"};
inline constexpr CheckType kEpoch{
    "epoch", "an epoch yields every row exactly once, in order, and nothing of an older epoch",
    "ITR-1 ITR-4"};
inline constexpr CheckType kLeak{
    "leak", "what was taken is given back; no more arenas, plans or requests than there may be",
    "ENG-5 ENG-9 ERR-10 COP-2 COP-3 COP-4 COP-8 ITR-5"};
inline constexpr CheckType kLiveness{
    "liveness", "nothing waits for ever, and closing takes no longer than promised",
    "ENG-1 ENG-2 ENG-4 ENG-6 ENG-9 COP-1 COP-4 COP-8 ITR-1 ITR-4 ITR-5"};
inline constexpr CheckType kLife{
    "life", "using what was freed or stopped is a typed error; what is in flight finishes",
    "ENG-8 COP-4 ITR-3 ITR-5"};
inline constexpr CheckType kDataRace{"data_race", "ThreadSanitizer reports nothing (tsan flavour)",
                                     "ENG-1 ENG-6 COP-1 COP-3"};
inline constexpr CheckType kCrash{"crash", "the process does not die", "COP-1"};

inline constexpr std::array<const CheckType*, 12> kChecks = {
    &kDeterminism, &kAnswer, &kOwnership, &kErrorExactness, &kDependencyOrder, &kHiddenWrite,
    &kEpoch,       &kLeak,   &kLiveness,  &kLife,           &kDataRace,        &kCrash};

}  // namespace tenter
