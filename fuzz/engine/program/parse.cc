#include "fuzz/engine/program/parse.h"

#include <algorithm>
#include <sstream>

#include "fuzz/engine/program/vocabulary.h"
#include "fuzz/engine/program/why_not.h"
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

Status Invalid(const std::string& what) { return {StatusCode::kInvalidArgument, what}; }

}  // namespace

Result<Program> ParseProgram(const std::string& text) {
  Program program;
  std::istringstream in(text);
  int number = 0;
  bool head = false;
  std::vector<int> lines;  // where the statements stand
  for (std::string line; std::getline(in, line);) {
    ++number;
    Words words(line.substr(0, line.find('#')));
    if (words.end()) continue;
    const bool fits = head ? ParseStatement(words, &program.statements.emplace_back())
                           : ParseHead(words, &program);
    if (head) lines.push_back(number);
    head = true;
    if (!fits || !words.end())
      return Invalid("line " + std::to_string(number) + " is no statement, at '" + words.peek() +
                     "': " + line);
  }
  if (!head) return Invalid("the program is empty");
  if (const std::string wrong = WhyNot(program, lines); !wrong.empty()) return Invalid(wrong);
  return program;
}

}  // namespace tenter::fuzz
