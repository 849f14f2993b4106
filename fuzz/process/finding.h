// Finding: a promise that was seen broken.
//
// Path: Rig::Run, or the end of a process -> Finding -> Minimise -> the report.
//
// Thread safety: plain data.
// Ownership and lifetime: values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tenter::fuzz {

// The kinds of a case that does not end, of a race that ThreadSanitizer saw, and of memory that
// LeakSanitizer found lost.
inline constexpr const char* kHang = "hang";
inline constexpr const char* kDataRace = "data race";
inline constexpr const char* kLeaked = "leaked memory";

struct Finding {
  std::string contract;  // the promise that is broken: "ERR-6", or "ENG-1 or ENG-4"
  std::string kind;      // what is recognised while shrinking: "reported twice"
  std::string detail;    // for a person
  uint64_t round = 0;    // the repetition in which it came
};

// Whether one bug may be seen as both kinds. Memory that is overwritten ends a process by the
// signal of whoever meets it first, which may be another one the next time.
inline bool IsSameKind(std::string_view a, std::string_view b) {
  const auto by_signal = [](std::string_view kind) {
    return kind.starts_with("crash: ") && !kind.starts_with("crash: CHECK") &&
           !kind.starts_with("crash: exit");
  };
  return a == b || (by_signal(a) && by_signal(b));
}

}  // namespace tenter::fuzz
