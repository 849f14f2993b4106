#include "harness/run/function_name.h"

#include <cctype>

namespace tenter {
namespace {

// Where the name of an operator ends, of which `at` is the first sign: they are no brackets.
size_t AfterOperator(std::string_view function, size_t at) {
  for (const std::string_view sign :
       {"()", "<=>", "<<=", ">>=", "->*", "<<", ">>", "<=", ">=", "->", "<", ">"})
    if (function.substr(at).starts_with(sign)) return at + sign.size();
  return at;
}

bool IsOfAName(char sign) {
  return sign == '_' || std::isalnum(static_cast<unsigned char>(sign)) != 0;
}

}  // namespace

// The arguments begin at the first bracket that is not a part of the name: outside of every list of
// template arguments, and neither that of (anonymous namespace) nor of a call operator.
std::string FunctionName(std::string_view function) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)", kOperator = "operator";
  int depth = 0;
  for (size_t i = 0; i < function.size();) {
    const std::string_view rest = function.substr(i);
    if (rest[0] == '(' && depth == 0 && !rest.starts_with(kAnonymous))
      return std::string(function.substr(0, i));
    if (rest.starts_with(kAnonymous)) {
      i += kAnonymous.size();
    } else if (rest.starts_with(kOperator) && !(i > 0 && IsOfAName(function[i - 1]))) {
      i = AfterOperator(function, i + kOperator.size());
    } else {
      depth += rest[0] == '<' ? 1 : rest[0] == '>' ? -1 : 0;
      ++i;
    }
  }
  return std::string(function);
}

}  // namespace tenter
