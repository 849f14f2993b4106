// Expect: what a program must do under an error policy when given ops fail, by the contracts ERR-2,
// ERR-3, ERR-4 and ERR-8, computed op by op without an engine.
//
// Thread safety: pure.
// Ownership and lifetime: values.
// Invariants: ran + skipped is the number of ops.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/program/program.h"
#include "runtime/engine/engine.h"

namespace tenter::bench {

struct Expectation {
  uint64_t ran = 0;            // failed ones included
  uint64_t failed = 0;         // root failures
  uint64_t skipped = 0;        // did not run because of a poisoned input
  uint64_t wasted = 0;         // ran on a poisoned input, so that the result is poisoned as well
  uint64_t poisoned_vars = 0;  // at the end

  // Per variable at the end: the op whose failure a wait throws, or kHealthy.
  static constexpr uint32_t kHealthy = UINT32_MAX;
  std::vector<uint32_t> roots = {};
};

// `fails` has an element per op; an op that does not run does not fail.
Expectation Expect(const Program& program, const std::vector<bool>& fails, ErrorPolicy policy);

}  // namespace tenter::bench
