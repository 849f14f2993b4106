#include "fuzz/engine/program/to_text.h"

#include "fuzz/engine/program/vocabulary.h"

namespace tenter::fuzz {
namespace {

std::string Letters(const std::vector<int>& letters) {
  std::string text;
  for (const int letter : letters) text += (text.empty() ? "" : " ") + VarName(letter);
  return "(" + text + ")";
}

// Nothing when the push does not say this word.
std::string WordText(const PushWord& word, const Statement& s) {
  struct Value {
    const Statement& s;
    std::string operator()(int Statement::*number) const {
      return s.*number == 0 ? "" : " " + std::to_string(s.*number);
    }
    std::string operator()(Type Statement::*type) const {
      return s.*type == Type::kNone ? "" : " " + std::string(TypeName(s.*type));
    }
    std::string operator()(bool Statement::*) const { return ""; }
    std::string operator()(Ends) const { return ""; }
  };
  const auto* flag = std::get_if<bool Statement::*>(&word.says);
  const auto* ends = std::get_if<Ends>(&word.says);
  const std::string value = std::visit(Value{s}, word.says);
  const bool said = flag != nullptr ? s.**flag : ends != nullptr ? s.ends == *ends : !value.empty();
  return said ? " " + std::string(word.text) + value : "";
}

std::string PushText(const Statement& s) {
  std::string text = "push " + OpName(s.op);
  if (!s.reads.empty()) text += " reads" + Letters(s.reads);
  if (!s.writes.empty()) text += " writes" + Letters(s.writes);
  for (const PushWord& word : kPushWords) text += WordText(word, s);
  return text;
}

}  // namespace

std::string ToText(const Statement& s) {
  std::string text = (s.actor.is_op ? "op" : "t") + std::to_string(s.actor.number) + ": ";
  switch (s.verb) {
    case Verb::kPush:
      return text + PushText(s);
    case Verb::kDelete:
      text += "delete " + VarName(s.var);
      if (s.deleter_throws != Type::kNone)
        text += " deleter throws " + std::string(TypeName(s.deleter_throws));
      return text;
    case Verb::kNew:
      return text + "new " + VarName(s.var);
    case Verb::kWait:
      return text + "wait " + VarName(s.var);
    case Verb::kWaitAll:
      return text + "waitall";
    case Verb::kLook:
      return text + "look";
    case Verb::kStop:
      return text + (s.mode == StopMode::kCancel ? "stop cancel" : "stop drain");
    case Verb::kReplay:
      text += "replay " + std::to_string(s.program);
      return s.scope == 0 ? text : text + " scope " + std::to_string(s.scope);
    case Verb::kFork:
      return text + "fork";
    case Verb::kAwait:
      return text + "await " + std::to_string(s.scope);
    case Verb::kCancel:
      return text + "cancel " + std::to_string(s.scope);
    case Verb::kTimeout:
      return text + "timeout " + std::to_string(s.scope) + (s.far_deadline ? " far" : "");
    case Verb::kRounds:
      return text + "rounds " + std::to_string(s.rounds);
    case Verb::kExpired:
      return text + "expired " + std::to_string(s.scope);
  }
  return text;
}

std::string ToText(const Program& p) {
  std::string text = "engine workers " + std::to_string(p.workers) + " policy " +
                     (p.policy == ErrorPolicy::kRunDependents ? "run" : "skip") + " vars " +
                     std::to_string(p.vars) + " noise " + std::to_string(p.noise);
  if (p.apart != 1) text += " apart " + std::to_string(p.apart);
  if (p.crowd != 0) text += " crowd " + std::to_string(p.crowd);
  if (p.idle) text += " idle";
  if (p.gated) text += " gated";
  if (p.parity) text += " parity";
  if (p.failing_worker >= 0) text += " failing_worker " + std::to_string(p.failing_worker);
  text += "\n";
  for (const Statement& s : p.statements) text += ToText(s) + "\n";
  return text;
}

}  // namespace tenter::fuzz
