// CHECK: programmer errors end the process with the condition, the place and a sentence, in every
// flavour.
//
// Thread safety: may fail on any thread; the message is written with one write.
// Invariants: a failed check never returns.
// Errors: aborts. Expected failures (bad files, bad arguments of a caller outside) are Status,
//    never CHECK.
#pragma once

#include <string>

namespace tenter {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line,
                              const std::string& message);

}  // namespace tenter

#define TENTER_CHECK(condition, message)                                \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::tenter::CheckFailed(#condition, __FILE__, __LINE__, (message)); \
  } while (false)
