// What a program that stands still tells, whatever its target says of itself.
#include <algorithm>

#include "harness/workloads/programs/program.h"
#include "runtime/base/tsan.h"

namespace tenter {
namespace {

// The contract that the first op breaks which was pushed and did not begin, or nothing.
std::string_view OfFirst(const std::vector<std::vector<ProgramOp>>& program, bool* pushed_all) {
  const ProgramOp* first = nullptr;
  for (const auto& pushes : program)
    for (const ProgramOp& op : pushes) {
      *pushed_all &= op.push_number != 0;
      if (op.push_number == 0 || op.begin != 0) continue;
      if (first == nullptr || op.push_number < first->push_number) first = &op;
    }
  if (first == nullptr) return "";
  std::vector<uint32_t> vars = first->reads;
  vars.insert(vars.end(), first->writes.begin(), first->writes.end());
  std::sort(vars.begin(), vars.end());
  const bool twice = std::adjacent_find(vars.begin(), vars.end()) != vars.end();
  return twice ? "ENG-4" : "ENG-1";
}

}  // namespace

std::string_view ContractOfStandstill(const std::vector<std::vector<ProgramOp>>& program,
                                      bool faults_fail) {
  bool may_skip = faults_fail, pushed_all = true;
  for (const auto& pushes : program)
    for (const ProgramOp& op : pushes) may_skip |= op.throws || op.drops;
  // Nobody moves, so nobody writes; but the sanitizer knows of no order.
  TsanUnseenBegin();
  const std::string_view of_first = OfFirst(program, &pushed_all);
  TsanUnseenEnd();
  if (!may_skip && !of_first.empty()) return of_first;
  // Everything ran that was pushed: a wait sleeps on, or a push.
  return pushed_all || may_skip ? "ENG-6" : "ENG-2 ENG-6";
}

}  // namespace tenter
