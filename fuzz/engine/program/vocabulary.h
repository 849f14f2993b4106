// Vocabulary: the words of a program's text, in one table for those who write and who read it.
//
// Thread safety: constants.
// Invariants: the words of a push are written in the order of the table, and read in any order.
#pragma once

#include <string_view>
#include <variant>

#include "fuzz/engine/program/statement.h"

namespace tenter::fuzz {

// In the order of Verb.
inline constexpr std::string_view kVerbs[] = {"push",    "delete",  "new",  "wait",  "waitall",
                                              "stop",    "replay",  "fork", "await", "cancel",
                                              "timeout", "expired", "look", "rounds"};

// What a push says behind its sets. A number or a type is followed by its value, and is not written
// when it is 0 or none.
struct PushWord {
  std::string_view text;
  std::variant<int Statement::*, Type Statement::*, bool Statement::*, Ends> says;
};

inline constexpr PushWord kPushWords[] = {
    {"priority", &Statement::priority},
    {"throws", &Statement::throws},
    {"completes now", Ends::kNow},
    {"completes later", Ends::kLater},
    {"drops now", Ends::kNever},
    {"drops later", Ends::kDropped},
    {"times_out", Ends::kHeld},
    {"races", Ends::kRaces},
    {"race_drops", Ends::kRaceDrops},
    {"fails", &Statement::fails},
    {"then_throws", &Statement::throws_after},
    {"out_of_memory", &Statement::out_of_memory},
    {"far_deadline", &Statement::far_deadline},
    {"short_deadline", &Statement::short_deadline},
    {"lasts", &Statement::lasts},
    {"bulk", &Statement::bulk},
    {"scope", &Statement::scope},
    {"blocks", &Statement::blocks},
    {"meets", &Statement::meets},
    {"times", &Statement::times},
    {"program", &Statement::program},
};

}  // namespace tenter::fuzz
