// ThreadCount: how many threads this process has, to see whether a failed construction leaves some.
//
// Thread safety: any thread.
#pragma once

#include <filesystem>

#include "runtime/base/clock.h"

namespace tenter::fuzz {

inline int ThreadCount() {
  int threads = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    ++threads;
  return threads;
}

// How many more there are than `before`. A thread that was joined may be listed for a moment
// longer, which is waited for.
inline int ThreadsLeft(int before) {
  const int64_t deadline = NowNs() + kNsPerSecond;
  while (ThreadCount() > before && NowNs() < deadline) SleepNs(1);
  return ThreadCount() - before;
}

}  // namespace tenter::fuzz
