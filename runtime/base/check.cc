#include "runtime/base/check.h"

#include <unistd.h>

#include <cstdlib>

namespace tenter {

void CheckFailed(const char* condition, const char* file, int line, const std::string& message) {
  const std::string text = "CHECK failed: " + std::string(condition) + " at " + file + ":" +
                           std::to_string(line) + ": " + message + "\n";
  // Nothing sensible can be done about a failed write on the way to abort.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
  std::abort();
}

}  // namespace tenter
