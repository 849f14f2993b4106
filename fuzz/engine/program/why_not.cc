#include "fuzz/engine/program/why_not.h"

#include <algorithm>

#include "fuzz/engine/program/normalise.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// What a statement names that there is not; empty: nothing.
std::string UnknownVar(const Program& p, const Statement& s) {
  const auto made = [&](int letter) {
    return letter < p.vars || std::any_of(p.statements.begin(), p.statements.end(), [&](auto& one) {
             return one.verb == Verb::kNew && one.var == letter;
           });
  };
  std::vector<int> letters = s.reads;
  letters.insert(letters.end(), s.writes.begin(), s.writes.end());
  if (s.verb == Verb::kDelete || s.verb == Verb::kWait || s.verb == Verb::kNew)
    letters.push_back(s.var);
  for (const int letter : letters) {
    if (letter >= kMostVars) return "a var has a name from a to z3";
    if (!made(letter))
      return "nobody makes the var " + VarName(letter) + ": there are " + std::to_string(p.vars) +
             " at the start, from a on";
  }
  return "";
}

// How many ops each statement may make, and their numbers.
std::string WrongTimes(const Program& p, const Statement& s, int* ops) {
  const int most = p.gated ? kMostTimes / 3 : kMostTimes;
  if (s.times < 0 || s.times > most || (*ops += s.times) > most)
    return "'times' makes " + std::to_string(kMostTimes) + " ops at most in all, and " +
           std::to_string(kMostTimes / 3) + " in a program that is gated";
  return s.op < 0 || s.op >= kCopies ? "an op has a number below " + std::to_string(kCopies) : "";
}

std::string WrongHead(const Program& p) {
  const auto within = [](const char* what, int value, int least, int most) -> std::string {
    if (value >= least && value <= most) return "";
    return std::string(what) + " has a number from " + std::to_string(least) + " to " +
           std::to_string(most) + ", and not " + std::to_string(value);
  };
  for (const std::string& wrong :
       {within("vars", p.vars, 0, kMostVars), within("apart", p.apart, 1, 1000),
        within("workers", p.workers, 0, 64), within("crowd", p.crowd, 0, 16)})
    if (!wrong.empty()) return wrong;
  return "";
}

// The first thing in which a program that was given differs from what it would be if it kept the
// rules of program.h; `lines`: where each statement stands.
std::string WhatDiffers(const Program& given, const Program& kept, const std::vector<int>& lines) {
  Program head = given, kept_head = kept;
  head.statements.clear();
  kept_head.statements.clear();
  if (head != kept_head) {
    const std::string text = ToText(kept_head);
    return "the first line, with these statements, could only be '" +
           text.substr(0, text.find('\n')) + "'";
  }
  for (size_t i = 0; i < given.statements.size(); ++i) {
    const Statement& s = given.statements[i];
    if (i < kept.statements.size() && s == kept.statements[i]) continue;
    const bool same_place = i < kept.statements.size() && kept.statements[i].actor == s.actor &&
                            kept.statements[i].verb == s.verb && kept.statements[i].op == s.op &&
                            given.statements.size() == kept.statements.size();
    return "line " + std::to_string(lines[i]) +
           " breaks a rule of fuzz/engine/program/program.h: " +
           (same_place
                ? "with the others it could only be '" + ToText(kept.statements[i]) + "'"
                : "'" + ToText(s) + "' cannot stand there, for example since its op is not " +
                      "pushed before it, or is pushed twice");
  }
  return "the program breaks a rule of fuzz/engine/program/program.h";
}

}  // namespace

std::string WhyNot(const Program& program, const std::vector<int>& lines) {
  if (std::string wrong = WrongHead(program); !wrong.empty()) return wrong;
  int ops = 0;
  for (size_t i = 0; i < program.statements.size(); ++i) {
    std::string wrong = WrongTimes(program, program.statements[i], &ops);
    if (wrong.empty()) wrong = UnknownVar(program, program.statements[i]);
    if (!wrong.empty()) return "line " + std::to_string(lines[i]) + ": " + wrong;
  }
  Program kept = program;
  Normalise(&kept);
  return kept == program ? "" : WhatDiffers(program, kept, lines);
}

}  // namespace tenter::fuzz
