// Finding: a promise that was seen broken.
//
// Path: Rig::Run, or the end of a process -> Finding -> Minimise -> the report.
//
// Thread safety: plain data.
// Ownership and lifetime: values.
#pragma once

#include <cstdint>
#include <string>

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

}  // namespace tenter::fuzz
