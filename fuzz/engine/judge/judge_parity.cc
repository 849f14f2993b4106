// The same program on two engines (ENG-11).
#include <sstream>

#include "fuzz/engine/judge/judge.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// Without the message of a status: two engines may word the same refusal differently.
std::string Line(const Caught& caught) {
  return caught.what == Caught::What::kStatus ? std::string(StatusCodeName(caught.code))
                                              : caught.ToText();
}
std::string Line(const VarSeen& v) {
  std::ostringstream text;
  text << StatusCodeName(v.code) << " " << Line(v.caught);
  for (const FailureSeen& f : v.failures) text << " " << f.push_number << ":" << f.op;
  if (v.has_value) text << " value " << v.value;
  return text.str();
}
std::string Line(const std::vector<FailureSeen>& failures) {
  std::string text;
  for (const FailureSeen& f : failures)
    text += " " + std::to_string(f.push_number) + ":" + Line(f.caught);
  return text;
}

}  // namespace

std::vector<Finding> JudgeParity(const Program& program, const History& naive,
                                 const History& threaded) {
  const auto differ = [](const std::string& what, const std::string& a, const std::string& b) {
    return std::vector<Finding>{
        {"ENG-11", "engines differ", what + ": naive saw '" + a + "', workers saw '" + b + "'", 0}};
  };
  for (size_t i = 0; i < program.statements.size(); ++i) {
    const StatementSeen &a = naive.statements[i], &b = threaded.statements[i];
    const auto line = [](const StatementSeen& s) {
      return std::string(StatusCodeName(s.code)) + " push " + std::to_string(s.push_number) + " " +
             Line(s.var) + Line(s.reported);
    };
    if (program.statements[i].bulk != 0) continue;  // a refusal is told later, or never
    if (line(a) != line(b)) return differ(ToText(program.statements[i]), line(a), line(b));
  }
  for (size_t i = 0; i < naive.final_vars.size() && i < threaded.final_vars.size(); ++i)
    if (Line(naive.final_vars[i]) != Line(threaded.final_vars[i]))
      return differ("var number " + std::to_string(i) + " at the end", Line(naive.final_vars[i]),
                    Line(threaded.final_vars[i]));
  std::string a, b;
  for (const auto& reported : naive.final_reported) a += Line(reported);
  for (const auto& reported : threaded.final_reported) b += Line(reported);
  if (a != b) return differ("the last wait-all", a, b);
  return {};
}

}  // namespace tenter::fuzz
