// Finding: a promise of the engine that was seen broken.
//
// Path: Judge, or the end of a process -> Finding -> Minimise -> the report.
//
// Thread safety: plain data.
// Ownership and lifetime: values.
#pragma once

#include <cstdint>
#include <string>

namespace tenter::fuzz {

// The kind of a case that does not end.
inline constexpr const char* kHang = "hang";

struct Finding {
  std::string contract;  // the promise that is broken: "ERR-6"
  std::string kind;      // what is recognised while shrinking: "reported twice"
  std::string detail;    // for a person
  uint64_t round = 0;    // the repetition in which it came
};

}  // namespace tenter::fuzz
