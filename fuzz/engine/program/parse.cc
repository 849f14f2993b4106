#include "fuzz/engine/program/parse.h"

#include <algorithm>
#include <sstream>

#include "fuzz/engine/program/normalise.h"
#include "fuzz/engine/program/vocabulary.h"
#include "fuzz/engine/program/words.h"

namespace tenter::fuzz {
namespace {

bool ParseType(Words& words, Type* type) {
  for (const Type known :
       {Type::kRuntimeError, Type::kBadAlloc, Type::kStruct, Type::kInt, Type::kStatus})
    if (words.Is(TypeName(known))) {
      *type = known;
      return true;
    }
  return false;
}

bool ParseLetters(Words& words, std::vector<int>* letters) {
  for (int letter = 0; words.Letter(&letter);) letters->push_back(letter);
  return words.Is(")");
}

bool ParsePushWord(Words& words, Statement* s) {
  struct Value {
    Words& words;
    Statement* s;
    bool operator()(int Statement::*number) const { return words.Number(&(s->*number)); }
    bool operator()(Type Statement::*type) const { return ParseType(words, &(s->*type)); }
    bool operator()(bool Statement::*flag) const {
      s->*flag = true;
      return true;
    }
    bool operator()(Ends ends) const {
      s->ends = ends;
      return true;
    }
  };
  for (const PushWord& word : kPushWords)
    if (words.Is(word.text)) return std::visit(Value{words, s}, word.says);
  return false;
}

bool ParsePush(Words& words, Statement* s) {
  if (!words.Number(&s->op, "op")) return false;
  while (!words.end()) {
    const bool read = words.Is("reads(")    ? ParseLetters(words, &s->reads)
                      : words.Is("writes(") ? ParseLetters(words, &s->writes)
                                            : ParsePushWord(words, s);
    if (!read) return false;
  }
  return true;
}

bool ParseStatement(Words& words, Statement* s) {
  s->actor.is_op = words.peek().starts_with("op");
  if (!words.Number(&s->actor.number, s->actor.is_op ? "op" : "t", ":")) return false;
  for (size_t verb = 0; verb < std::size(kVerbs); ++verb) {
    if (!words.Is(kVerbs[verb])) continue;
    s->verb = static_cast<Verb>(verb);
    switch (s->verb) {
      case Verb::kPush:
        return ParsePush(words, s);
      case Verb::kDelete:
        if (!words.Letter(&s->var)) return false;
        return !words.Is("deleter throws") || ParseType(words, &s->deleter_throws);
      case Verb::kNew:
      case Verb::kWait:
        return words.Letter(&s->var);
      case Verb::kWaitAll:
      case Verb::kLook:
      case Verb::kFork:
        return true;
      case Verb::kStop:
        s->mode = words.peek() == "cancel" ? StopMode::kCancel : StopMode::kDrain;
        return words.Is("cancel") || words.Is("drain");
      case Verb::kReplay:
        return words.Number(&s->program) && (!words.Is("scope") || words.Number(&s->scope));
      case Verb::kAwait:
      case Verb::kCancel:
      case Verb::kExpired:
        return words.Number(&s->scope);
      case Verb::kRounds:
        return words.Number(&s->rounds);
      case Verb::kTimeout:
        if (!words.Number(&s->scope)) return false;
        s->far_deadline = words.Is("far");
        return true;
    }
  }
  return false;
}

bool ParseHead(Words& words, Program* p) {
  if (!words.Is("engine")) return false;
  while (!words.end()) {
    if (words.Is("workers") ? words.Number(&p->workers)
        : words.Is("vars")  ? words.Number(&p->vars)
        : words.Is("apart") ? words.Number(&p->apart)
        : words.Is("crowd") ? words.Number(&p->crowd)
        : words.Is("noise") ? words.Number(&p->noise)
                            : words.Is("failing_worker") && words.Number(&p->failing_worker))
      continue;
    if (words.Is("idle"))
      p->idle = true;
    else if (words.Is("gated"))
      p->gated = true;
    else if (words.Is("parity"))
      p->parity = true;
    else if (words.Is("policy") && (words.peek() == "run" || words.peek() == "skip"))
      p->policy = words.Is("run") ? ErrorPolicy::kRunDependents
                                  : (words.Is("skip"), ErrorPolicy::kSkipDependents);
    else
      return false;
  }
  return true;
}

bool NamesLettersOnly(const Program& program) {
  const auto is_letter = [](int letter) { return letter < kMostVars; };
  return std::all_of(program.statements.begin(), program.statements.end(), [&](const auto& s) {
    return is_letter(s.var) && std::all_of(s.reads.begin(), s.reads.end(), is_letter) &&
           std::all_of(s.writes.begin(), s.writes.end(), is_letter);
  });
}

}  // namespace

Result<Program> ParseProgram(const std::string& text) {
  Program program;
  std::istringstream in(text);
  int number = 0;
  bool head = false;
  for (std::string line; std::getline(in, line);) {
    ++number;
    Words words(line.substr(0, line.find('#')));
    if (words.end()) continue;
    const bool fits = head ? ParseStatement(words, &program.statements.emplace_back())
                           : ParseHead(words, &program);
    head = true;
    if (!fits || !words.end())
      return Status(StatusCode::kInvalidArgument, "line " + std::to_string(number) +
                                                      " is no statement, at '" + words.peek() +
                                                      "': " + line);
  }
  if (!head) return Status(StatusCode::kInvalidArgument, "the program is empty");
  if (program.vars < 0 || program.vars > kMostVars || program.apart < 1 || program.apart > 1000 ||
      program.workers < 0 || program.workers > 64 || program.crowd < 0 || program.crowd > 16)
    return Status(StatusCode::kInvalidArgument,
                  "0 to 104 vars, 1 to 1000 apart, 0 to 64 workers and a crowd of 0 to 16 are "
                  "possible");
  int ops = 0;
  for (const Statement& s : program.statements) {
    const int most = program.gated ? kMostTimes / 3 : kMostTimes;
    if (s.times < 0 || s.times > most || (ops += s.times) > most)
      return Status(StatusCode::kInvalidArgument,
                    "'times' makes 3000 ops at most in all, and 1000 in a program that is gated");
    if (s.op < 0 || s.op >= kCopies)
      return Status(StatusCode::kInvalidArgument, "an op has a number below 65536");
  }
  if (!NamesLettersOnly(program))
    return Status(StatusCode::kInvalidArgument, "a var has a name from a to z3");
  const Program given = program;
  Normalise(&program);
  if (!(program == given))
    return Status(StatusCode::kInvalidArgument,
                  "a statement names an op that is not pushed before it, or an op is pushed twice, "
                  "or 'new' occurs although several threads run, or a replay has no ops of its "
                  "thread, or an op cannot be what it is said to be, or the program cannot fork "
                  "or stand beside a crowd");
  return program;
}

}  // namespace tenter::fuzz
