#include "fuzz/engine/hunt/suspect.h"

#include <algorithm>

namespace tenter::fuzz {

std::string ContractOfHang(const Program& program) {
  if (Has(program, Verb::kStop)) return "ENG-9";
  for (const Statement& s : program.statements)
    if (s.meets != 0) return "ENG-1";
  for (const Statement& s : program.statements) {
    if (s.blocks) return "ERR-12";
    if (s.priority != 0) return "ENG-10";
    if (s.actor.is_op && (s.verb == Verb::kWait || s.verb == Verb::kWaitAll)) return "ENG-7";
    for (const int letter : s.reads)
      if (std::count(s.writes.begin(), s.writes.end(), letter) +
              std::count(s.reads.begin(), s.reads.end(), letter) >
          1)
        return "ENG-4";
  }
  return Threads(program) > 1 ? "ENG-2" : "ENG-6";
}

std::string ContractOfCrash(const Program& program) {
  if (Has(program, Verb::kDelete)) return "ENG-8";
  return Has(program, Verb::kStop) ? "ENG-9" : "ENG-4";
}

void NameContract(const Program& program, Finding* finding) {
  if (!finding->contract.empty()) return;
  finding->contract = finding->kind == kHang ? ContractOfHang(program) : ContractOfCrash(program);
}

}  // namespace tenter::fuzz
