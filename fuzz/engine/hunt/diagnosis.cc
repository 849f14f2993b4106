#include "fuzz/engine/hunt/diagnosis.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "fuzz/engine/hunt/suspect.h"

namespace tenter::fuzz {
namespace {

bool Any(const Program& program, auto matters) {
  return std::any_of(program.statements.begin(), program.statements.end(), matters);
}

// An op that reads the outputs of more failing ops than a var keeps failures.
bool HasFanIn(const Program& program) {
  return Any(program, [&](const Statement& reader) {
    std::set<int> failed;
    for (const Statement& s : program.statements)
      if (s.verb == Verb::kPush && s.throws != Type::kNone)
        for (const int letter : s.writes)
          if (std::count(reader.reads.begin(), reader.reads.end(), letter) > 0)
            failed.insert(letter);
    return failed.size() > Poison::kFailuresKept;
  });
}

// Something that few programs need, and the contract that speaks of it.
struct Need {
  std::string_view contract;
  bool (*has)(const Program&);
};

// The most special one first.
constexpr std::array kNeeds = {
    Need{"ERR-3", HasFanIn},
    Need{"ENG-6", [](const Program& p) { return Has(p, Verb::kFork); }},
    Need{"ENG-8", [](const Program& p) { return Has(p, Verb::kDelete); }},
    Need{"ENG-9", [](const Program& p) { return Has(p, Verb::kStop); }},
    Need{"ENG-3", HasBulk},
    Need{"ERR-8", [](const Program& p) { return p.policy == ErrorPolicy::kRunDependents; }},
    Need{"ENG-10",
         [](const Program& p) {
           return Any(p, [](const Statement& s) { return s.priority != 0; });
         }},
    Need{
        "ENG-1",
        [](const Program& p) { return Any(p, [](const Statement& s) { return s.program != 0; }); }},
    Need{"ENG-4", HasUpdate},
};

// What the judge sees only where the contract itself is broken, and not by what comes of something
// else.
bool SaysItAll(std::string_view contract, std::string_view kind) {
  if (kind == "ran behind its deadline") return true;
  if (kind == "wrong number of pushes") return false;  // a handle that was taken or refused wrongly
  for (const std::string_view own : {"ENG-5", "ENG-7", "ENG-8", "ENG-9", "ENG-11", "ERR-4", "ERR-6",
                                     "ERR-8", "ERR-9", "ERR-10", "ERR-11", "ERR-12"})
    if (contract == own) return true;
  return false;
}

// Ops that may be pushed at the same time, and use several vars, which are taken one by one.
bool PushesSeveralVars(const Program& program) {
  return HasSeveralPushers(program) && Any(program, [](const Statement& s) {
           return s.verb == Verb::kPush && s.reads.size() + s.writes.size() > 1;
         });
}

// Two ops that conflict ran together, or in the wrong order.
std::string OfOrder(const Program& program, const std::string& named) {
  if (named == "ENG-8" || named == "ENG-10") return named;
  const bool update = HasUpdate(program);
  if (PushesSeveralVars(program)) return update ? "ENG-2 or ENG-4" : "ENG-2";
  if (HasBulk(program)) return "ENG-3 or ENG-1";
  return update ? "ENG-4 or ENG-1" : "ENG-1";
}

}  // namespace

std::string DiagnosisOf(const Program& smallest, const Finding& found) {
  // A pusher that read what a body had written, when it had waited for that.
  if (found.kind == kDataRace && Has(smallest, Verb::kRounds)) return "ENG-6";
  if (found.kind == kHang || found.kind == kDataRace || found.kind == kLeaked ||
      found.kind.starts_with("crash") || found.kind.starts_with("sanitizer"))
    return found.contract;
  if (found.kind == "conflicting ops out of order") return OfOrder(smallest, found.contract);
  if (SaysItAll(found.contract, found.kind)) return found.contract;
  for (const Need& need : kNeeds)
    if (need.has(smallest))
      return need.contract == found.contract ? found.contract
                                             : found.contract + " or " + std::string(need.contract);
  return found.contract;
}

}  // namespace tenter::fuzz
