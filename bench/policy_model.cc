#include "bench/policy_model.h"

#include <algorithm>

namespace tenter::bench {

Expectation Expect(const Program& program, const std::vector<bool>& fails, ErrorPolicy policy) {
  Expectation expected;
  std::vector<bool> poisoned(program.variables());
  for (size_t op = 0; op < program.size(); ++op) {
    const auto reads = program.reads(op);
    const bool bad_input =
        std::any_of(reads.begin(), reads.end(), [&](uint32_t var) { return poisoned[var]; });
    const bool runs = !bad_input || policy == ErrorPolicy::kRunDependents;
    const bool fails_here = runs && fails[op];
    expected.ran += runs;
    expected.failed += fails_here;
    expected.skipped += !runs;
    expected.wasted += runs && bad_input;
    for (const uint32_t var : program.writes(op)) poisoned[var] = bad_input || fails_here;
  }
  expected.poisoned_vars =
      static_cast<uint64_t>(std::count(poisoned.begin(), poisoned.end(), true));
  return expected;
}

}  // namespace tenter::bench
