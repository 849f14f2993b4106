#include "fuzz/engine/program/statement.h"

#include <charconv>

namespace tenter::fuzz {

std::string VarName(int letter) {
  const std::string name(1, static_cast<char>('a' + letter % 26));
  return letter < 26 ? name : name + std::to_string(letter / 26);
}

std::string OpName(int op) { return "op" + std::to_string(op); }

int OpNumber(std::string_view name) {
  int number = 0;
  if (!name.starts_with("op")) return 0;
  std::from_chars(name.data() + 2, name.data() + name.size(), number);
  return number;
}

std::string_view TypeName(Type type) {
  constexpr std::string_view kTypes[] = {"none",   "runtime_error", "bad_alloc",
                                         "struct", "int",           "status"};
  return kTypes[static_cast<size_t>(type)];
}

}  // namespace tenter::fuzz
