#include "fuzz/frame/event.h"

namespace tenter::fuzz {

std::string Event::Quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    char escape[8];
    if (c == '"' || c == '\\')
      quoted += std::string("\\") + c;
    else if (c == '\n')
      quoted += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e)
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c)),
          quoted += escape;
    else
      quoted += c;
  }
  return quoted + "\"";
}

}  // namespace tenter::fuzz
