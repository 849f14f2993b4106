#include "fuzz/model/judge/says.h"

#include <cctype>
#include <cstring>

namespace tenter::fuzz::model {

bool Says(const Answer& answer, const std::string& part) {
  return std::strstr(answer.error.message, part.c_str()) != nullptr;
}

bool SaysWord(const tgt_error& error, const std::string& name) {
  const std::string text = error.message;
  const auto is_part = [&](size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
    if (!is_part(at + name.size()) && (at == 0 || !is_part(at - 1))) return true;
  return false;
}

bool SaysRequest(const Answer& answer, int64_t request) {
  const std::string text = answer.error.message, number = std::to_string(request);
  const auto is_digit = [&](size_t at) {
    return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
  };
  const size_t word = text.find("request ");
  if (word != std::string::npos) {
    const size_t at = word + std::strlen("request ");
    return text.compare(at, number.size(), number) == 0 && !is_digit(at + number.size());
  }
  for (size_t at = text.find(number); at != std::string::npos; at = text.find(number, at + 1))
    if (!is_digit(at + number.size()) && (at == 0 || !is_digit(at - 1))) return true;
  return false;
}

}  // namespace tenter::fuzz::model
