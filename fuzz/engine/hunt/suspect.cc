#include "fuzz/engine/hunt/suspect.h"

#include <algorithm>

namespace tenter::fuzz {
namespace {

bool Any(const Program& program, auto matters) {
  return std::any_of(program.statements.begin(), program.statements.end(), matters);
}

// What the engine said when it hung (Engine::Describe), line by line.
struct Snapshot {
  explicit Snapshot(const std::string& said)
      : locked(said.find("it does not answer") != std::string::npos),
        waits(said.find(") waits") != std::string::npos),
        ready(said.find(" is ready") != std::string::npos),
        running(said.find(" is running") != std::string::npos) {}

  bool locked, waits, ready, running;
};

bool WaitsInside(const Statement& s) {
  return s.actor.is_op && (s.verb == Verb::kWait || s.verb == Verb::kWaitAll);
}

std::string OfHang(const Program& program, const Snapshot& engine) {
  if (Has(program, Verb::kFork)) return "ENG-6";
  // A push that never returns holds the locks of its vars: they were taken in two orders, or one of
  // them twice.
  if (engine.locked) return HasUpdate(program) ? "ENG-2 or ENG-4" : "ENG-2";
  if (Any(program, [](const Statement& s) { return s.blocks; })) return "ERR-12";
  if (Has(program, Verb::kStop)) return "ENG-9";
  if (Any(program, [](const Statement& s) { return s.meets != 0; })) return "ENG-1";
  if (Any(program, WaitsInside)) return "ENG-7";
  // Nobody runs, and ops wait for one another, or one for itself.
  if (engine.waits && !engine.running && !engine.ready) {
    if (HasSeveralPushers(program)) return HasUpdate(program) ? "ENG-2 or ENG-4" : "ENG-2";
    return HasUpdate(program) ? "ENG-4" : "ENG-1";
  }
  const auto urgent = [](const Statement& s) { return s.priority != 0; };
  if (engine.ready) return Any(program, urgent) ? "ENG-10" : "ENG-1";
  return HasSeveralPushers(program) ? "ENG-2 or ENG-6" : "ENG-6";
}

// Its end is drawn by several at once: by a handle, its body and a deadline.
bool EndsByChance(const Statement& s) {
  return Races(s) || s.ends == Ends::kHeld || s.throws_after != Type::kNone;
}

std::string OfCrash(const Program& program) {
  if (Has(program, Verb::kFork)) return "ENG-6";
  if (Has(program, Verb::kDelete)) return "ENG-8";
  if (Any(program, EndsByChance)) return "ENG-5";
  if (Has(program, Verb::kStop)) return "ENG-9";
  if (Any(program, [](const Statement& s) { return s.scope != 0; })) return "ERR-11";
  return HasUpdate(program) ? "ENG-4" : "ENG-5";
}

}  // namespace

bool HasUpdate(const Program& program) {
  return Any(program, [](const Statement& s) {
    std::vector<int> letters = s.reads;
    letters.insert(letters.end(), s.writes.begin(), s.writes.end());
    std::sort(letters.begin(), letters.end());
    return std::adjacent_find(letters.begin(), letters.end()) != letters.end();
  });
}

bool HasSeveralPushers(const Program& program) {
  const Statement* first = nullptr;
  for (const Statement& s : program.statements) {
    if (s.verb != Verb::kPush) continue;
    if (first != nullptr && s.actor != first->actor) return true;
    first = &s;
  }
  return false;
}

std::string SuspectOf(const Program& program, const Finding& seen) {
  return seen.kind == kHang ? OfHang(program, Snapshot(seen.detail)) : OfCrash(program);
}

}  // namespace tenter::fuzz
