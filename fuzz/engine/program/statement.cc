#include "fuzz/engine/program/statement.h"

#include <charconv>

namespace tenter::fuzz {

std::string VarName(int letter) {
  const std::string name(1, static_cast<char>('a' + letter % 26));
  return letter < 26 ? name : name + std::to_string(letter / 26);
}

std::string OpName(int op) {
  const std::string name = "op" + std::to_string(op % kCopies);
  return op < kCopies ? name : name + "." + std::to_string(op / kCopies);
}

int OpNumber(std::string_view name) {
  int number = 0, copy = 0;
  if (!name.starts_with("op")) return 0;
  const char* const end = name.data() + name.size();
  const char* const dot = std::from_chars(name.data() + 2, end, number).ptr;
  if (dot != end && *dot == '.') std::from_chars(dot + 1, end, copy);
  return CopyOf(number, copy);
}

std::string_view TypeName(Type type) {
  constexpr std::string_view kTypes[] = {"none",   "runtime_error", "bad_alloc",
                                         "struct", "int",           "status"};
  return kTypes[static_cast<size_t>(type)];
}

}  // namespace tenter::fuzz
