#include "bench/policy/policy_model.h"

#include <algorithm>

namespace tenter::bench {

Expectation Expect(const Program& program, const std::vector<bool>& fails, ErrorPolicy policy) {
  constexpr uint32_t kHealthy = Expectation::kHealthy;
  Expectation expected;
  std::vector<uint32_t>& roots = expected.roots;
  roots.assign(program.variables(), kHealthy);
  for (uint32_t op = 0; op < program.size(); ++op) {
    // The smallest push number wins; kHealthy is larger than any.
    uint32_t root = kHealthy;
    for (const uint32_t var : program.reads(op)) root = std::min(root, roots[var]);
    const bool bad_input = root != kHealthy;
    const bool runs = !bad_input || policy == ErrorPolicy::kRunDependents;
    const bool fails_here = runs && fails[op];
    expected.ran += runs;
    expected.failed += fails_here;
    expected.skipped += !runs;
    expected.wasted += runs && bad_input;
    if (fails_here) root = std::min(root, op);
    for (const uint32_t var : program.writes(op)) roots[var] = root;
  }
  const auto healthy = std::count(roots.begin(), roots.end(), kHealthy);
  expected.poisoned_vars = roots.size() - static_cast<size_t>(healthy);
  return expected;
}

}  // namespace tenter::bench
