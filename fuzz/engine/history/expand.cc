#include "fuzz/engine/history/expand.h"

namespace tenter::fuzz {

Program Expand(const Program& program) {
  Program expanded = program;
  expanded.statements.clear();
  for (const Statement& s : program.statements) {
    Statement one = s;
    one.times = 0;
    expanded.statements.push_back(one);
    for (int copy = 1; copy < s.times; ++copy) {
      one.op = CopyOf(s.op, copy);
      expanded.statements.push_back(one);
    }
  }
  return expanded;
}

}  // namespace tenter::fuzz
